//! Client: the connection to a collector, on the SDK's own threads, with TLS where the address asks for it.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use reqwest::blocking::{Client, ClientBuilder};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

/// A client whose requests take so long at most. `is_secure`: whether it may come to need certificates.
pub(crate) fn client(is_secure: bool, limit: Duration) -> Result<Client, Box<dyn Error + Send + Sync>> {
    let tls = tls(is_secure)?;
    let build = move || ClientBuilder::new().timeout(limit).tls_backend_preconfigured(tls).build();
    // It waits for a runtime of its own, which no thread of the caller's runtime may do.
    let built = std::thread::Builder::new().spawn(build)?.join();
    Ok(built.map_err(|_| "the thread that builds the client has panicked")??)
}

/// The program may have chosen another provider of cryptography, and may want to choose one later, so this is said
/// for this client alone.
fn tls(is_secure: bool) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(match is_secure {
        true => builder.with_platform_verifier()?.with_no_client_auth(),
        // Without TLS there is nothing to trust, and a machine without root certificates will do.
        false => builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_is_built_and_dropped_in_a_runtime_whether_or_not_it_is_secure() {
        for is_secure in [false, true] {
            drop(client(is_secure, Duration::from_secs(1)).unwrap());
        }
    }
}
