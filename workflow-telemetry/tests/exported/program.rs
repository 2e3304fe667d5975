//! Program: the two lines in a program of its own, set by nothing but the environment.

use std::process::Command;
use std::time::Duration;

use workflow_core::prelude::*;
use workflow_telemetry::{Otlp, TelemetryError};

use crate::collector::{Collector, attribute};

#[path = "../../../tests/flows/shop.rs"]
mod shop;

use shop::{Approval, Shop};

/// Runs what is below in a process with these variables.
fn run_program(variables: &[(&str, &str)]) {
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args(["--exact", "program::with_the_two_lines", "--ignored"]);
    let output = program.envs(variables.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test(start_paused = true)]
#[ignore = "it is a program for the tests below, which set its environment"]
async fn with_the_two_lines() {
    let _guard = workflow_telemetry::init(Otlp::from_env()).unwrap();
    let run = Shop.run(2u32).timeout(Duration::from_secs(60));
    run.send(Approval).unwrap();
    assert_eq!(run.await.unwrap(), 2);
    if std::env::var_os("OTEL_SDK_DISABLED").is_none() {
        let again = workflow_telemetry::init(Otlp::from_env()).unwrap_err();
        assert!(matches!(again, TelemetryError::SubscriberSet));
    }
}

#[test]
fn a_program_is_set_by_the_standard_variables_and_sends_what_is_left_at_its_end() {
    let collector = Collector::start();
    run_program(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api_key=letmein,x-project-name=shop"),
        ("OTEL_SERVICE_NAME", "shop-floor"),
        ("OTEL_RESOURCE_ATTRIBUTES", "openinference.project.name=shop,region=north"),
    ]);
    let received = collector.received();
    assert_eq!(received.headers["api_key"], "letmein");
    assert_eq!(received.headers["x-project-name"], "shop");
    for (name, value) in
        [("service.name", "shop-floor"), ("openinference.project.name", "shop"), ("region", "north")]
    {
        assert_eq!(attribute(&received.resource, name).unwrap(), value);
    }
    assert_eq!(
        received.tree(),
        [
            "Shop.run ok [received Approval]",
            "  Shop.split ok",
            "  Shop.work batch 0 member 0 error: out of order [tried again] [exception]",
            "  Shop.work batch 0 member 1 ok [publishes Progress]",
            "  Shop.work try 2 batch 0 member 0 ok [publishes Progress]",
            "  Shop.gather ok [waits Approval] [goes on Approval]",
            "    Twice.run ok",
            "      Twice.twice ok [doubling]",
            "  Shop.finish ok [finishing]",
        ]
    );
}

#[test]
fn the_address_of_traces_alone_is_taken_as_it_is_and_metrics_are_left_out_when_told() {
    let collector = Collector::start();
    let address = format!("{}/v1/traces", collector.address());
    run_program(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &address), ("OTEL_METRICS_EXPORTER", "none")]);
    let received = collector.received();
    assert_eq!((received.spans.len(), received.metrics.len()), (9, 0));
}

#[test]
fn a_program_that_is_not_to_be_traced_sends_no_spans_and_its_metrics_all_the_same() {
    let collector = Collector::start();
    run_program(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address()),
        ("OTEL_TRACES_SAMPLER", "always_off"),
    ]);
    let received = collector.received();
    assert_eq!(received.spans.len(), 0);
    assert!(received.metrics.iter().any(|metric| metric.name == "workflow.runs.finished"));
}

#[test]
fn a_program_whose_telemetry_is_disabled_sends_nothing() {
    let collector = Collector::start();
    run_program(&[("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address()), ("OTEL_SDK_DISABLED", "true")]);
    let received = collector.received();
    assert_eq!((received.spans.len(), received.metrics.len()), (0, 0));
}
