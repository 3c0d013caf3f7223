//! Python's plain values, as data: what travels to a manager and back, and how Python writes it.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

/// A value that is copied when it travels; or a proxy of something that the manager keeps, which stays where it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Plain {
    /// `None`
    None,
    /// `True` or `False`
    Bool(bool),
    /// A number.
    Int(i64),
    /// A time, in milliseconds. Python writes it in seconds.
    Ms(i64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Plain>),
    /// A tuple.
    Tuple(Vec<Plain>),
    /// A dict, in the order of its making.
    Dict(Vec<(Plain, Plain)>),
    /// A proxy of what the manager keeps under this number.
    Proxy(u32),
}

impl Plain {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A list of numbers.
    pub fn ints(numbers: impl IntoIterator<Item = i64>) -> Self {
        Self::List(numbers.into_iter().map(Self::Int).collect())
    }

    /// Python's name of its type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Ms(_) => "float",
            Self::Text(_) => "str",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Dict(_) => "dict",
            Self::Proxy(_) => "BaseProxy",
        }
    }

    /// `str(value)`: as `print` writes it, a text without its quotes.
    pub fn printed(&self) -> String {
        if let Self::Text(text) = self { text.clone() } else { self.to_string() }
    }
}

/// As Python's `repr` writes it.
impl Display for Plain {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Bool(yes) => f.write_str(if *yes { "True" } else { "False" }),
            Self::Int(number) => write!(f, "{number}"),
            Self::Ms(ms) => f.write_str(&super::script::seconds(*ms)),
            Self::Text(text) => quoted(text, f),
            Self::List(items) => between("[", items.iter(), "]", f),
            Self::Tuple(items) => between("(", items.iter(), if items.len() == 1 { ",)" } else { ")" }, f),
            Self::Dict(pairs) => {
                f.write_str("{")?;
                for (place, (key, value)) in pairs.iter().enumerate() {
                    write!(f, "{}{key}: {value}", if place > 0 { ", " } else { "" })?;
                }
                f.write_str("}")
            }
            Self::Proxy(number) => write!(f, "<proxy of kept object {number}>"),
        }
    }
}

fn between<'a>(open: &str, items: impl Iterator<Item = &'a Plain>, close: &str, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str(open)?;
    for (place, item) in items.enumerate() {
        write!(f, "{}{item}", if place > 0 { ", " } else { "" })?;
    }
    f.write_str(close)
}

/// In single quotes, unless there is a single quote in it and no double one.
fn quoted(text: &str, f: &mut Formatter<'_>) -> fmt::Result {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    write!(f, "{quote}")?;
    for letter in text.chars() {
        match letter {
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            '\r' => f.write_str("\\r")?,
            '\\' => f.write_str("\\\\")?,
            _ if letter == quote => write!(f, "\\{letter}")?,
            _ if letter.is_control() && u32::from(letter) < 256 => write!(f, "\\x{:02x}", u32::from(letter))?,
            _ => write!(f, "{letter}")?,
        }
    }
    write!(f, "{quote}")
}

/// A method call as it is written in Python: `d['a']`, `d['a'] = 2`, `queue.put(1)`.
pub fn call(on: &str, method: &str, arguments: &[Plain]) -> String {
    match (method, arguments) {
        ("__getitem__", [key]) => format!("{on}[{key}]"),
        ("__setitem__", [key, value]) => format!("{on}[{key}] = {value}"),
        ("__delitem__", [key]) => format!("del {on}[{key}]"),
        ("__len__", []) => format!("len({on})"),
        ("__contains__", [item]) => format!("{item} in {on}"),
        ("__getattribute__", [name]) => format!("{on}.{}", name.printed()),
        ("__setattr__", [name, value]) => format!("{on}.{} = {value}", name.printed()),
        ("__str__", []) => format!("str({on})"),
        _ => {
            let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
            format!("{on}.{method}({})", arguments.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_python_writes_them() {
        let text = |text: &str| Plain::text(text).to_string();
        assert_eq!((text("a"), text("it's"), text("\"'\n")), ("'a'".into(), "\"it's\"".into(), "'\"\\'\\n'".into()));
        let tuple = Plain::Tuple(vec![Plain::Int(1)]);
        let dict = Plain::Dict(vec![(Plain::text("a"), Plain::None), (Plain::Bool(true), tuple)]);
        assert_eq!(Plain::List(vec![dict, Plain::ints([])]).to_string(), "[{'a': None, True: (1,)}, []]");
        assert_eq!((Plain::text("a").printed(), Plain::Ms(100).to_string()), ("a".into(), "0.1".into()));
    }

    #[test]
    fn calls_are_written_as_in_python() {
        let a = Plain::text("a");
        assert_eq!(call("d", "__setitem__", &[a.clone(), Plain::Int(2)]), "d['a'] = 2");
        assert_eq!(call("d", "__getitem__", std::slice::from_ref(&a)), "d['a']");
        assert_eq!(call("ns", "__setattr__", &[a, Plain::Int(1)]), "ns.a = 1");
        assert_eq!(call("q", "get", &[Plain::Bool(true), Plain::Ms(500)]), "q.get(True, 0.5)");
    }
}
