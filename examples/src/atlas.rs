//! Atlas: two tools for agents that need no network, the distance between cities and arithmetic.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Tool, ToolError, Toolbox};

/// The tools of this file.
pub fn atlas() -> Toolbox {
    Toolbox::new().with::<Distance>().with::<Calculate>()
}

/// Gives the distance between two cities along the earth's surface, in whole kilometres.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Distance {
    /// The English name of a European capital.
    pub from: String,
    /// The English name of another.
    pub to: String,
}

impl Tool for Distance {
    const NAME: &'static str = "distance";

    fn call(self) -> Result<String, ToolError> {
        let kilometres = great_circle(place(&self.from)?, place(&self.to)?);
        Ok(format!("{kilometres:.0} km"))
    }
}

/// Does one operation on two numbers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calculate {
    /// The number on the left.
    pub left: f64,
    /// What to do.
    pub operation: Operation,
    /// The number on the right.
    pub right: f64,
}

/// An operation on two numbers.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// The sum.
    Add,
    /// The left one less the right one.
    Subtract,
    /// The product.
    Multiply,
    /// The left one over the right one.
    Divide,
}

impl Tool for Calculate {
    const NAME: &'static str = "calculate";

    fn call(self) -> Result<String, ToolError> {
        let result = match self.operation {
            Operation::Add => self.left + self.right,
            Operation::Subtract => self.left - self.right,
            Operation::Multiply => self.left * self.right,
            Operation::Divide => self.left / self.right,
        };
        if !result.is_finite() {
            return Err(ToolError::Refused("the result is no number".to_owned()));
        }
        // Three decimals, and none that only repeats zero.
        let text = format!("{result:.3}");
        Ok(text.trim_end_matches('0').trim_end_matches('.').to_owned())
    }
}

/// Latitude and longitude in degrees, to two decimals.
const CITIES: [(&str, f64, f64); 12] = [
    ("Athens", 37.98, 23.73),
    ("Berlin", 52.52, 13.40),
    ("Dublin", 53.35, -6.26),
    ("Helsinki", 60.17, 24.94),
    ("Lisbon", 38.72, -9.14),
    ("Madrid", 40.42, -3.70),
    ("Oslo", 59.91, 10.75),
    ("Paris", 48.86, 2.35),
    ("Rome", 41.90, 12.50),
    ("Stockholm", 59.33, 18.07),
    ("Vienna", 48.21, 16.37),
    ("Warsaw", 52.23, 21.01),
];

/// Mean radius of the earth in kilometres, R1 of the IUGG.
const RADIUS: f64 = 6371.0088;

fn place(city: &str) -> Result<(f64, f64), ToolError> {
    let found = CITIES.iter().find(|(name, ..)| name.eq_ignore_ascii_case(city.trim()));
    let found = found.map(|(_, latitude, longitude)| (latitude.to_radians(), longitude.to_radians()));
    found.ok_or_else(|| {
        let known = CITIES.map(|(name, ..)| name).join(", ");
        ToolError::Refused(format!("there is no city `{city}` in the atlas, only {known}"))
    })
}

/// The haversine formula: kilometres between two places in radians.
fn great_circle(from: (f64, f64), to: (f64, f64)) -> f64 {
    let half = |one: f64, other: f64| ((other - one) / 2.0).sin().powi(2);
    let chord = half(from.0, to.0) + from.0.cos() * to.0.cos() * half(from.1, to.1);
    2.0 * RADIUS * chord.sqrt().asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(from: &str, to: &str) -> Result<String, String> {
        let tool = Distance { from: from.to_owned(), to: to.to_owned() };
        tool.call().map_err(|error| error.to_string())
    }

    fn calculate(left: f64, operation: Operation, right: f64) -> Result<String, String> {
        Calculate { left, operation, right }.call().map_err(|error| error.to_string())
    }

    #[test]
    fn a_distance_is_the_same_both_ways_and_nothing_to_the_same_place() {
        assert_eq!(distance("Paris", "Rome"), distance(" rome", "PARIS"));
        assert_eq!(distance("Oslo", "Oslo"), Ok("0 km".to_owned()));
    }

    #[test]
    fn a_quarter_of_a_meridian_is_ten_thousand_kilometres() {
        let pole = (std::f64::consts::FRAC_PI_2, 0.0);
        let metres = great_circle((0.0, 0.0), pole) * 1000.0;
        assert_eq!(metres.round(), 10_007_557.0, "a quarter of 2 pi R");
    }

    #[test]
    fn a_city_that_is_not_there_is_refused_with_those_that_are() {
        let refused = distance("Lisboa", "Oslo").unwrap_err();
        assert!(
            refused.starts_with("there is no city `Lisboa` in the atlas, only Athens, Berlin"),
            "{refused}"
        );
    }

    #[test]
    fn results_are_numbers_without_needless_zeros() {
        assert_eq!(calculate(2742.0, Operation::Add, 2611.0), Ok("5353".to_owned()));
        assert_eq!(calculate(1.0, Operation::Divide, 3.0), Ok("0.333".to_owned()));
        assert_eq!(calculate(100.0, Operation::Multiply, 1.5), Ok("150".to_owned()));
        assert_eq!(calculate(1.0, Operation::Subtract, 1.0), Ok("0".to_owned()));
        assert_eq!(calculate(1.0, Operation::Divide, 0.0), Err("the result is no number".to_owned()));
    }
}
