//! JSON that was written elsewhere. A key that is there twice is an error, of which most
//! readers keep the last value without a word.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// The value of a text.
///
/// # Errors
/// It is not JSON, or an object has a key twice: what is wrong, with line and column.
pub(crate) fn parse(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text).map(|Unique(value)| value)
}

/// A value in which no key is there twice.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader).map(Unique)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("a number out of range"))?;
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Unique(value)) = from.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut entries = Map::new();
        while let Some(key) = from.next_key::<String>()? {
            if entries.contains_key(&key) {
                return Err(A::Error::custom(format!("the key `{key}` is there twice")));
            }
            let Unique(value) = from.next_value()?;
            entries.insert(key, value);
        }
        Ok(entries.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_and_keys_are_there_once() {
        let text = r#"{"b": [1, -2, 2.5, true, null, "x"], "a": {"b": {}}}"#;
        assert_eq!(
            parse(text).ok().map(|v| v.to_string()),
            Some(text.replace(": ", ":").replace(", ", ","))
        );
        for (text, expected) in [
            ("{\"a\": 1,\n \"a\": 1}", "the key `a` is there twice at line 2 column 4"),
            ("[{\"a\": {\"b\": 1, \"b\": 1}}]", "the key `b` is there twice at line 1 column 19"),
            ("{\"a\": 1, \"\\u0061\": 1}", "the key `a` is there twice at line 1 column 17"),
            ("{\"a\": 1e999}", "number out of range at line 1 column 11"),
            ("[1] 2", "trailing characters at line 1 column 5"),
            ("", "EOF while parsing a value at line 1 column 0"),
        ] {
            assert_eq!(parse(text).expect_err(text).to_string(), expected);
        }
    }
}
