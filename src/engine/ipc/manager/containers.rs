//! What a manager keeps that only holds values: dict, list, Namespace, Value, Array. What is taken out of them is a
//! copy, unless it is a proxy.

use std::collections::{BTreeMap, HashMap};

use crate::program::plain::Plain;
use crate::program::uses::Kind;

use super::kept::{Answer, Caller, Keep, unknown};
use super::request::{Fault, argument, number};

/// `dict(…)`: pairs by the number of their coming, which is the order in which they are told.
#[derive(Debug, Default)]
pub(super) struct Dict {
    pairs: BTreeMap<u64, (Plain, Plain)>,
    /// Under which number the pair of a key is; see [`key`].
    numbers: HashMap<Plain, u64>,
    next: u64,
}

impl Dict {
    pub(super) fn new(arguments: &[Plain]) -> Result<Self, Fault> {
        let mut dict = Self::default();
        if let Some(first) = arguments.first() {
            dict.update(first)?;
        }
        Ok(dict)
    }

    fn get(&self, key: &Plain) -> Result<Option<&Plain>, Fault> {
        let number = self.numbers.get(&self::key(key)?);
        Ok(number.and_then(|number| self.pairs.get(number)).map(|(_, value)| value))
    }

    fn set(&mut self, key: &Plain, value: &Plain) -> Result<(), Fault> {
        let known = self::key(key)?;
        if let Some(pair) = self.numbers.get(&known).and_then(|number| self.pairs.get_mut(number)) {
            pair.1 = value.clone();
        } else {
            self.numbers.insert(known, self.next);
            self.pairs.insert(self.next, (key.clone(), value.clone()));
            self.next += 1;
        }
        Ok(())
    }

    fn take(&mut self, key: &Plain) -> Result<Option<Plain>, Fault> {
        let number = self.numbers.remove(&self::key(key)?);
        Ok(number.and_then(|number| self.pairs.remove(&number)).map(|(_, value)| value))
    }

    fn update(&mut self, other: &Plain) -> Result<(), Fault> {
        let Plain::Dict(pairs) = other else {
            return Err(Fault::new("TypeError", format!("'{}' object is not a mapping", other.type_name())));
        };
        pairs.iter().try_for_each(|(key, value)| self.set(key, value))
    }

    fn all(&self) -> Plain {
        Plain::Dict(self.pairs.values().cloned().collect())
    }
}

/// What a key is known by, if it can be one: `True`, `1` and `1.0` are the same key in Python.
fn key(key: &Plain) -> Result<Plain, Fault> {
    Ok(match key {
        Plain::List(_) | Plain::Dict(_) => {
            return Err(Fault::new("TypeError", format!("unhashable type: '{}'", key.type_name())));
        }
        Plain::Bool(yes) => Plain::Int((*yes).into()),
        Plain::Ms(ms) if ms % 1000 == 0 => Plain::Int(ms / 1000),
        Plain::Tuple(items) => Plain::Tuple(items.iter().map(self::key).collect::<Result<_, _>>()?),
        _ => key.clone(),
    })
}

impl Keep for Dict {
    fn call(&mut self, _: Caller, method: &str, arguments: &[Plain]) -> Result<Answer, Fault> {
        let key = || argument(arguments, 0, method);
        let missing = |key: &Plain| Fault::new("KeyError", key.to_string());
        Ok(match method {
            "__getitem__" => self.get(key()?)?.cloned().ok_or_else(|| missing(&arguments[0]))?,
            "__setitem__" => {
                self.set(key()?, argument(arguments, 1, method)?)?;
                Plain::None
            }
            "__delitem__" => {
                self.take(key()?)?.ok_or_else(|| missing(&arguments[0]))?;
                Plain::None
            }
            "get" => self.get(key()?)?.or(arguments.get(1)).cloned().unwrap_or(Plain::None),
            "pop" => {
                let value = self.take(key()?)?.or_else(|| arguments.get(1).cloned());
                value.ok_or_else(|| missing(&arguments[0]))?
            }
            "popitem" => {
                let empty = || Fault::new("KeyError", "'popitem(): dictionary is empty'");
                let (_, (key, value)) = self.pairs.pop_last().ok_or_else(empty)?;
                self.numbers.remove(&self::key(&key)?);
                Plain::Tuple(vec![key, value])
            }
            "setdefault" => {
                if self.get(key()?)?.is_none() {
                    self.set(key()?, arguments.get(1).unwrap_or(&Plain::None))?;
                }
                self.get(key()?)?.cloned().unwrap_or(Plain::None)
            }
            "__contains__" => Plain::Bool(self.get(key()?)?.is_some()),
            "__len__" => Plain::Int(self.pairs.len() as i64),
            "keys" => Plain::List(self.pairs.values().map(|(key, _)| key.clone()).collect()),
            "values" => Plain::List(self.pairs.values().map(|(_, value)| value.clone()).collect()),
            "items" => {
                let pairs = self.pairs.values().cloned();
                Plain::List(pairs.map(|(key, value)| Plain::Tuple(vec![key, value])).collect())
            }
            "update" => {
                self.update(key()?)?;
                Plain::None
            }
            "clear" => {
                (self.pairs, self.numbers) = Default::default();
                Plain::None
            }
            "copy" => self.all(),
            "__str__" => Plain::Text(self.all().to_string()),
            _ => return Err(unknown(Kind::Dict, method)),
        }
        .into())
    }
}

/// `list(…)`
#[derive(Debug)]
pub(super) struct List(Vec<Plain>);

impl List {
    pub(super) fn new(arguments: &[Plain]) -> Result<Self, Fault> {
        match arguments.first() {
            None => Ok(Self(Vec::new())),
            Some(Plain::List(items) | Plain::Tuple(items)) => Ok(Self(items.clone())),
            Some(other) => Err(Fault::new("TypeError", format!("'{}' object is not iterable", other.type_name()))),
        }
    }
}

impl Keep for List {
    fn call(&mut self, _: Caller, method: &str, arguments: &[Plain]) -> Result<Answer, Fault> {
        call_list(&mut self.0, method, arguments).map(Answer::Done)
    }
}

/// A method of a copy that came to a client: what it changes there changes nothing anywhere else.
pub fn call_copy(copy: &mut Plain, method: &str, arguments: &[Plain]) -> Result<Plain, Fault> {
    match copy {
        Plain::List(items) => call_list(items, method, arguments),
        Plain::Dict(_) => {
            let mut dict = Dict::new(std::slice::from_ref(copy))?;
            let nobody = Caller { client: 0, turn: super::kept::Turn::First };
            let answer = dict.call(nobody, method, arguments)?;
            *copy = dict.all();
            Ok(if let Answer::Done(value) = answer { value } else { Plain::None })
        }
        other => {
            let message = format!("'{}' object has no attribute '{method}'", other.type_name());
            Err(Fault::new("AttributeError", message))
        }
    }
}

/// A method of a list.
fn call_list(items: &mut Vec<Plain>, method: &str, arguments: &[Plain]) -> Result<Plain, Fault> {
    let first = || argument(arguments, 0, method);
    Ok(match method {
        "__getitem__" => items[at(items, number(arguments, 0, method)?, "list index")?].clone(),
        "__setitem__" => {
            let place = at(items, number(arguments, 0, method)?, "list assignment index")?;
            items[place] = argument(arguments, 1, method)?.clone();
            Plain::None
        }
        "__delitem__" => {
            let place = at(items, number(arguments, 0, method)?, "list assignment index")?;
            items.remove(place);
            Plain::None
        }
        "append" => {
            items.push(first()?.clone());
            Plain::None
        }
        "extend" => {
            items.extend(List::new(&[first()?.clone()])?.0);
            Plain::None
        }
        "insert" => {
            let place = number(arguments, 0, method)?;
            let place = if place < 0 { (place + items.len() as i64).max(0) } else { place };
            items.insert((place as usize).min(items.len()), argument(arguments, 1, method)?.clone());
            Plain::None
        }
        "pop" => {
            if items.is_empty() {
                return Err(Fault::new("IndexError", "pop from empty list"));
            }
            let place = if arguments.is_empty() { -1 } else { number(arguments, 0, method)? };
            items.remove(at(items, place, "pop index")?)
        }
        "remove" => {
            let missing = || Fault::new("ValueError", "list.remove(x): x not in list");
            let place = items.iter().position(|item| Some(item) == arguments.first()).ok_or_else(missing)?;
            items.remove(place);
            Plain::None
        }
        "index" => {
            let wanted = first()?;
            let missing = || Fault::new("ValueError", format!("{wanted} is not in list"));
            Plain::Int(items.iter().position(|item| item == wanted).ok_or_else(missing)? as i64)
        }
        "count" => {
            let wanted = first()?;
            Plain::Int(items.iter().filter(|item| *item == wanted).count() as i64)
        }
        "reverse" => {
            items.reverse();
            Plain::None
        }
        "sort" => {
            sort(items)?;
            Plain::None
        }
        "__contains__" => Plain::Bool(items.contains(first()?)),
        "__len__" => Plain::Int(items.len() as i64),
        "copy" => Plain::List(items.clone()),
        "__str__" => Plain::Text(Plain::List(items.clone()).to_string()),
        _ => return Err(unknown(Kind::List, method)),
    })
}

/// Which place an index means: from the end, if it is negative.
fn at(items: &[Plain], index: i64, what: &str) -> Result<usize, Fault> {
    let place = if index < 0 { index + items.len() as i64 } else { index };
    let outside = || Fault::new("IndexError", format!("{what} out of range"));
    usize::try_from(place).ok().filter(|place| *place < items.len()).ok_or_else(outside)
}

/// Only values of one type have an order.
fn sort(items: &mut [Plain]) -> Result<(), Fault> {
    let rank = |item: &Plain| match item {
        Plain::Bool(yes) => Some((0, i64::from(*yes), String::new())),
        Plain::Int(number) => Some((0, *number, String::new())),
        Plain::Text(text) => Some((1, 0, text.clone())),
        _ => None,
    };
    let kinds: Vec<Option<i32>> = items.iter().map(|item| rank(item).map(|(kind, ..)| kind)).collect();
    if let Some(place) = (1..items.len()).find(|&place| kinds[place].is_none() || kinds[place] != kinds[place - 1]) {
        let (this, other) = (items[place].type_name(), items[place - 1].type_name());
        let message = format!("'<' not supported between instances of '{this}' and '{other}'");
        return Err(Fault::new("TypeError", message));
    }
    items.sort_by_key(rank);
    Ok(())
}

/// `Namespace(…)`
#[derive(Debug)]
pub(super) struct Namespace(BTreeMap<String, Plain>);

impl Namespace {
    pub(super) fn new(arguments: &[Plain]) -> Self {
        let Some(Plain::Dict(pairs)) = arguments.first() else { return Self(BTreeMap::new()) };
        Self(pairs.iter().map(|(name, value)| (name.printed(), value.clone())).collect())
    }
}

impl Keep for Namespace {
    fn call(&mut self, _: Caller, method: &str, arguments: &[Plain]) -> Result<Answer, Fault> {
        if method == "__str__" {
            let all: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
            return Ok(Plain::Text(format!("Namespace({})", all.join(", "))).into());
        }
        let name = argument(arguments, 0, method)?.printed();
        let missing = || {
            Fault::new("AttributeError", format!("'Namespace' object has no attribute '{}'", arguments[0].printed()))
        };
        Ok(match method {
            "__getattribute__" => self.0.get(&name).cloned().ok_or_else(missing)?,
            "__setattr__" => {
                self.0.insert(name, argument(arguments, 1, method)?.clone());
                Plain::None
            }
            "__delattr__" => {
                self.0.remove(&name).ok_or_else(missing)?;
                Plain::None
            }
            _ => return Err(unknown(Kind::Namespace, method)),
        }
        .into())
    }
}

/// `Value(typecode, value)`: a plain object with one attribute. Unlike that of shared memory it has no lock, and holds
/// whatever it is given.
#[derive(Debug)]
pub(super) struct Cell {
    typecode: Plain,
    value: Plain,
}

impl Cell {
    pub(super) fn new(arguments: &[Plain]) -> Self {
        let argument = |place: usize| arguments.get(place).cloned().unwrap_or(Plain::None);
        Self { typecode: argument(0), value: argument(1) }
    }
}

impl Keep for Cell {
    fn call(&mut self, _: Caller, method: &str, arguments: &[Plain]) -> Result<Answer, Fault> {
        Ok(match method {
            "get" => self.value.clone(),
            "set" => {
                self.value = argument(arguments, 0, method)?.clone();
                Plain::None
            }
            "__str__" => Plain::Text(format!("Value({}, {})", self.typecode, self.value)),
            _ => return Err(unknown(Kind::Value, method)),
        }
        .into())
    }
}

/// `Array(typecode, sequence)`: as long as at first.
#[derive(Debug)]
pub(super) struct Array {
    typecode: Plain,
    items: Vec<Plain>,
}

impl Array {
    pub(super) fn new(arguments: &[Plain]) -> Result<Self, Fault> {
        let typecode = argument(arguments, 0, "Array")?.clone();
        let List(items) = List::new(&arguments[1..])?;
        let check = items.iter().try_for_each(|item| number(std::slice::from_ref(item), 0, "Array").map(drop));
        check.map(|()| Self { typecode, items })
    }
}

impl Keep for Array {
    fn call(&mut self, _: Caller, method: &str, arguments: &[Plain]) -> Result<Answer, Fault> {
        Ok(match method {
            "__len__" => Plain::Int(self.items.len() as i64),
            "__getitem__" => self.items[at(&self.items, number(arguments, 0, method)?, "array index")?].clone(),
            "__setitem__" => {
                let place = at(&self.items, number(arguments, 0, method)?, "array assignment index")?;
                self.items[place] = Plain::Int(number(arguments, 1, method)?);
                Plain::None
            }
            "__str__" => Plain::Text(format!("array({}, {})", self.typecode, Plain::List(self.items.clone()))),
            _ => return Err(unknown(Kind::Array, method)),
        }
        .into())
    }
}
