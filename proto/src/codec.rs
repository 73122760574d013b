//! Encoding and decoding: `MessagePack` with named fields, every fault an error that names the message.

use serde::{Serialize, de::DeserializeOwned};

/// The largest payload accepted, in bytes. Real messages stay under 2 KiB; a larger one is hostile
/// or misrouted and is refused before it is parsed.
pub const MAX_BYTES: usize = 64 * 1024;

/// A message of the desk: it knows its name and can tell whether its values make sense.
pub trait Message: Serialize + DeserializeOwned {
    /// The name used in errors, logs and metrics.
    const NAME: &'static str;

    /// The `v` field.
    fn version(&self) -> u8;

    /// Checks the values that types cannot: finite prices, positive quantities.
    ///
    /// # Errors
    /// A sentence that names the field and what it must be.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Why a payload is not the message it should be. Never a reason to stop: count it, log it, go on.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The payload is larger than [`MAX_BYTES`].
    #[error("{message}: payload of {bytes} bytes, at most {MAX_BYTES} are accepted")]
    TooLarge { message: &'static str, bytes: usize },
    /// The payload is not `MessagePack`, is cut short, nests too deep, or a field has another type.
    #[error("{message}: payload of {bytes} bytes does not decode")]
    Malformed {
        message: &'static str,
        bytes: usize,
        #[source]
        source: rmp_serde::decode::Error,
    },
    /// The payload decodes but a value makes no sense.
    #[error("{message}: {fault}")]
    Invalid { message: &'static str, fault: String },
    /// The value could not be written.
    #[error("{message}: cannot be encoded")]
    Unwritable {
        message: &'static str,
        #[source]
        source: rmp_serde::encode::Error,
    },
}

/// Writes `message` as `MessagePack` with named fields.
///
/// # Errors
/// [`WireError::Unwritable`]; no message of this crate has a value that cannot be written.
pub fn encode<M: Message>(message: &M) -> Result<Vec<u8>, WireError> {
    rmp_serde::to_vec_named(message)
        .map_err(|source| WireError::Unwritable { message: M::NAME, source })
}

/// Reads a message and checks its values.
///
/// # Errors
/// Every [`WireError`] but `Unwritable`.
pub fn decode<M: Message>(payload: &[u8]) -> Result<M, WireError> {
    let bytes = payload.len();
    if bytes > MAX_BYTES {
        return Err(WireError::TooLarge { message: M::NAME, bytes });
    }
    let mut reader = rmp_serde::Deserializer::from_read_ref(payload);
    reader.set_max_depth(32);
    let message = M::deserialize(&mut reader).map_err(|source| WireError::Malformed {
        message: M::NAME,
        bytes,
        source,
    })?;
    let invalid = |fault| WireError::Invalid { message: M::NAME, fault };
    if message.version() == 0 {
        return Err(invalid("v must be at least 1".to_owned()));
    }
    message.check().map_err(invalid)?;
    Ok(message)
}

/// Says that `value` must be a finite number above zero.
pub(crate) fn positive(field: &str, value: f64) -> Result<(), String> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(format!("{field} must be a finite number above zero, not {value}"))
}

/// Says that `value` must be a finite number, zero or more.
pub(crate) fn not_negative(field: &str, value: f64) -> Result<(), String> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(format!("{field} must be a finite number, zero or more, not {value}"))
}
