//! Fields: an input of unknown shape, read field by field.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A map from names to values: the input behind the bare `StartEvent`.
///
/// ```
/// use workflow_core::Fields;
///
/// let fields = Fields::from([("topic", "pirates"), ("tone", "dry")]).with("rounds", 3)?;
/// assert_eq!(fields.get::<String>("topic")?, "pirates");
/// assert_eq!(fields.get::<u32>("rounds")?, 3);
/// assert_eq!(
///     fields.get::<u32>("topic").unwrap_err().to_string(),
///     "field `topic` is no `u32`",
/// );
/// # Ok::<(), workflow_core::FieldError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fields(Map<String, Value>);

/// The [`Fields`] of a run's input, written where they are given.
///
/// ```
/// use workflow_core::prelude::*;
///
/// let input = fields! { "topic" => "pirates", "rounds" => 3 };
/// assert_eq!(input.get::<String>("topic")?, "pirates");
/// # Ok::<(), workflow_core::FieldError>(())
/// ```
///
/// A value is whatever JSON has a form for: texts, numbers, lists, and other `fields!`. For any other,
/// say [`Fields::with`].
#[macro_export]
macro_rules! fields {
    ($($name:expr => $value:expr),* $(,)?) => {
        <$crate::Fields as ::core::iter::FromIterator<(::std::string::String, $crate::__private::Value)>>::from_iter([
            $((::std::string::String::from($name), $crate::__private::Value::from($value)),)*
        ])
    };
}

/// A field that is not there, or not what was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// No field of that name; give it to `run`, or ask by [`Fields::find`] where it may be missing.
    #[error("no field `{name}`, which should be a `{wanted}`; there is {there}")]
    Missing {
        /// The name that was asked for.
        name: String,
        /// The type that was asked for.
        wanted: &'static str,
        /// The names that there are.
        there: String,
    },
    /// The field does not read as the type that was asked for.
    #[error("field `{name}` is no `{wanted}`")]
    Wrong {
        /// The name that was asked for.
        name: String,
        /// The type that was asked for.
        wanted: &'static str,
        /// What did not fit.
        source: serde_json::Error,
    },
    /// The value cannot be written down as JSON.
    #[error("the value for field `{name}` cannot be written down")]
    Unwritable {
        /// The field's name.
        name: String,
        /// Why not.
        source: serde_json::Error,
    },
}

impl Fields {
    /// No field at all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same fields with one more; a field of that name is replaced.
    ///
    /// # Errors
    ///
    /// [`FieldError::Unwritable`] when the value is not JSON: a map whose keys are no strings, say.
    pub fn with(mut self, name: impl Into<String>, value: impl Serialize) -> Result<Self, FieldError> {
        let name = name.into();
        let value = serde_json::to_value(value)
            .map_err(|source| FieldError::Unwritable { name: name.clone(), source })?;
        self.0.insert(name, value);
        Ok(self)
    }

    /// The field, as a `V`.
    ///
    /// # Errors
    ///
    /// [`FieldError::Missing`] and [`FieldError::Wrong`]; both name the field and `V`.
    pub fn get<V: DeserializeOwned>(&self, name: &str) -> Result<V, FieldError> {
        self.find(name)?.ok_or_else(|| FieldError::Missing {
            name: name.to_owned(),
            wanted: short_name::<V>(),
            there: self.names(),
        })
    }

    /// The field, as a `V`, or `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`FieldError::Wrong`], which names the field and `V`.
    pub fn find<V: DeserializeOwned>(&self, name: &str) -> Result<Option<V>, FieldError> {
        let Some(value) = self.0.get(name) else {
            return Ok(None);
        };
        V::deserialize(value).map(Some).map_err(|source| FieldError::Wrong {
            name: name.to_owned(),
            wanted: short_name::<V>(),
            source,
        })
    }

    /// The fields as a JSON object.
    #[must_use]
    pub fn into_inner(self) -> Map<String, Value> {
        self.0
    }

    fn names(&self) -> String {
        if self.0.is_empty() {
            return "no field".to_owned();
        }
        let names: Vec<_> = self.0.keys().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    }
}

impl<K: Into<String>, V: Into<Value>, const N: usize> From<[(K, V); N]> for Fields {
    fn from(fields: [(K, V); N]) -> Self {
        fields.into_iter().collect()
    }
}

impl<K: Into<String>, V: Into<Value>> FromIterator<(K, V)> for Fields {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(fields: I) -> Self {
        Self(fields.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl From<Fields> for Value {
    fn from(fields: Fields) -> Self {
        Self::Object(fields.0)
    }
}

impl From<Map<String, Value>> for Fields {
    fn from(map: Map<String, Value>) -> Self {
        Self(map)
    }
}

/// A type's name without the paths: `Vec<String>`, not `alloc::vec::Vec<alloc::string::String>`.
pub(crate) fn short_name<T: ?Sized>() -> &'static str {
    shorten(std::any::type_name::<T>())
}

/// Cuts the leading path where the name has no generic part; a generic one is given in full.
fn shorten(name: &'static str) -> &'static str {
    if name.contains('<') {
        return name;
    }
    name.rsplit("::").next().unwrap_or(name)
}
