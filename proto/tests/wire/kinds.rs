//! One kind of message is never taken for another: whoever may read a stream can have its messages
//! delivered to other subjects, and there they must be noise.

use crate::wire::samples;
use std::collections::BTreeMap;

/// The kind of a message: the first words of its debug form.
fn kind(text: &str) -> &str {
    text.split([' ', '(']).next().unwrap_or_default()
}

#[test]
fn no_message_decodes_as_one_of_another_kind() {
    let mut taken = BTreeMap::new();
    for sample in samples::all() {
        for other in samples::all() {
            let same = kind(&sample.text) == kind(&other.text);
            if let Ok(read) = (other.decode)(&sample.golden) {
                assert_eq!(kind(&read), kind(&other.text));
                if !same {
                    taken.insert(format!("{} as {}", sample.name, kind(&read)), read);
                }
            }
        }
    }
    assert!(taken.is_empty(), "{taken:#?}");
}
