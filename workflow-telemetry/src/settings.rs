//! Settings: the variables of the environment that neither the SDK nor its exporter reads by itself.
//!
//! Their names and meaning: <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>, and
//! for `OPENINFERENCE_HIDE_*` <https://github.com/Arize-ai/openinference/blob/main/spec/configuration.md>.

use std::time::Duration;

use crate::TelemetryError;
use crate::payload::Payloads;

/// What the environment says.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) is_disabled: bool,
    pub(crate) traces: Signal,
    pub(crate) metrics: Signal,
    /// How many spans may wait to be sent.
    pub(crate) room: usize,
    pub(crate) payloads: Payloads,
}

/// One of the two things that go out.
#[derive(Clone, Debug)]
pub(crate) struct Signal {
    pub(crate) is_on: bool,
    /// How long a request may take.
    pub(crate) limit: Duration,
    /// Whether its address is one that asks for certificates.
    pub(crate) is_secure: bool,
}

/// The names of the variables of one signal.
struct Names {
    exporter: &'static str,
    protocol: &'static str,
    timeout: &'static str,
    endpoint: &'static str,
}

const TRACES: Names = Names {
    exporter: "OTEL_TRACES_EXPORTER",
    protocol: "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    timeout: "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
    endpoint: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
};

const METRICS: Names = Names {
    exporter: "OTEL_METRICS_EXPORTER",
    protocol: "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
    timeout: "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT",
    endpoint: "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
};

const NUMBER: &str = "a whole number";

impl Settings {
    /// What these variables say; `variable` gives the value of one. One that is set to nothing is not set.
    ///
    /// # Errors
    ///
    /// When one of them has a value that is none for it.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, TelemetryError> {
        let variable = |name: &str| {
            variable(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        let is_true = |name| variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let number = |name| match variable(name) {
            None => Ok(None),
            Some(value) => match value.parse::<usize>() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(TelemetryError::Setting { variable: name, value, wanted: NUMBER }),
            },
        };
        let limit = match number("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT")? {
            None => number("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT")?,
            limit => limit,
        };
        let room = number("OTEL_BSP_MAX_QUEUE_SIZE")?.unwrap_or(2048);
        if room == 0 {
            let (variable, value) = ("OTEL_BSP_MAX_QUEUE_SIZE", "0".to_owned());
            return Err(TelemetryError::Setting { variable, value, wanted: "1 or more" });
        }
        Ok(Self {
            is_disabled: is_true("OTEL_SDK_DISABLED"),
            traces: signal(&TRACES, &variable, number)?,
            metrics: signal(&METRICS, &variable, number)?,
            room,
            payloads: Payloads {
                inputs: !is_true("OPENINFERENCE_HIDE_INPUTS"),
                outputs: !is_true("OPENINFERENCE_HIDE_OUTPUTS"),
                limit: limit.unwrap_or(Payloads::LIMIT),
                redact: None,
            },
        })
    }
}

fn signal(
    names: &Names,
    variable: &impl Fn(&str) -> Option<String>,
    number: impl Fn(&'static str) -> Result<Option<usize>, TelemetryError>,
) -> Result<Signal, TelemetryError> {
    let exporter = variable(names.exporter);
    let is_on = match exporter.as_deref() {
        None | Some("otlp") => true,
        Some("none") => false,
        Some(other) => {
            let (variable, value) = (names.exporter, other.to_owned());
            return Err(TelemetryError::Setting { variable, value, wanted: "`otlp` or `none`" });
        }
    };
    for name in [names.protocol, "OTEL_EXPORTER_OTLP_PROTOCOL"] {
        match variable(name) {
            None => continue,
            Some(known) if known == "http/protobuf" => break,
            Some(_) if !is_on => break,
            Some(protocol) => return Err(TelemetryError::Protocol { variable: name, protocol }),
        }
    }
    let limit = match number(names.timeout)? {
        None => number("OTEL_EXPORTER_OTLP_TIMEOUT")?,
        limit => limit,
    };
    let endpoint = variable(names.endpoint).or_else(|| variable("OTEL_EXPORTER_OTLP_ENDPOINT"));
    Ok(Signal {
        is_on,
        limit: Duration::from_millis(limit.unwrap_or(10_000) as u64),
        is_secure: endpoint.is_some_and(|endpoint| is_secure(&endpoint)),
    })
}

/// Whether an address asks for certificates.
pub(crate) fn is_secure(endpoint: &str) -> bool {
    endpoint.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Settings, String> {
        let find =
            |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string());
        Settings::read(find).map_err(|error| error.to_string())
    }

    #[test]
    fn without_variables_all_is_on_with_the_limits_of_the_specification() {
        let settings = read(&[]).unwrap();
        assert!(!settings.is_disabled && settings.traces.is_on && settings.metrics.is_on);
        assert_eq!((settings.traces.limit, settings.room), (Duration::from_secs(10), 2048));
        assert!(settings.payloads.inputs && settings.payloads.outputs);
        assert!(!settings.traces.is_secure);
    }

    #[test]
    fn a_variable_of_one_signal_goes_before_the_one_for_both() {
        let settings = read(&[
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "2000"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "500"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
            ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "HTTPS://metrics"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
            ("OTEL_METRICS_EXPORTER", "none"),
        ])
        .unwrap();
        assert_eq!(settings.traces.limit, Duration::from_millis(500));
        assert_eq!(settings.metrics.limit, Duration::from_secs(2));
        assert!(!settings.traces.is_secure && settings.metrics.is_secure);
        assert!(settings.traces.is_on && !settings.metrics.is_on);
    }

    #[test]
    fn another_protocol_is_refused_with_what_to_write() {
        assert_eq!(
            read(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]).unwrap_err(),
            "`OTEL_EXPORTER_OTLP_PROTOCOL` asks for `grpc`, and traces go out by `http/protobuf` only; \
             write that, or leave it out"
        );
    }

    #[test]
    fn a_value_that_is_none_is_refused_with_what_to_write() {
        for (name, value, text) in [
            ("OTEL_BSP_MAX_QUEUE_SIZE", "many", "`OTEL_BSP_MAX_QUEUE_SIZE` is `many`; write a whole number"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "0", "`OTEL_BSP_MAX_QUEUE_SIZE` is `0`; write 1 or more"),
            ("OTEL_TRACES_EXPORTER", "zipkin", "`OTEL_TRACES_EXPORTER` is `zipkin`; write `otlp` or `none`"),
        ] {
            assert_eq!(read(&[(name, value)]).unwrap_err(), text);
        }
    }

    #[test]
    fn what_came_in_and_out_is_hidden_and_cut_by_the_standard_variables() {
        let settings = read(&[
            ("OPENINFERENCE_HIDE_INPUTS", "TRUE"),
            ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "100"),
            ("OTEL_SDK_DISABLED", "true"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", " "),
        ])
        .unwrap();
        assert!(!settings.payloads.inputs && settings.payloads.outputs && settings.is_disabled);
        assert_eq!(settings.payloads.limit, 100);
    }
}
