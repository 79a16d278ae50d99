//! The writer's schema against the reader's: a plan to read by, and everything that stands in its way.
//!
//! The reader and the compatibility gate use this one function, so they cannot disagree. Where the
//! writer has a choice of types, the reader must take every one of them: what can be read only
//! sometimes is refused before it is read at all.

use super::decode::{Number, Plan, Step};
use super::{Break, BreakKind, Field, Node, Record};

/// Whether the names of records, enums and fixed types are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// As the specification asks of two versions of one schema.
    Compared,
    /// Two teams have described the same thing.
    Ignored,
}

/// How to read, and what stands in the way; the plan is of use only where nothing does.
pub(crate) fn resolve(writer: &Node, reader: &Node, names: Names) -> (Plan, Vec<Break>) {
    let mut resolver = Resolver {
        names,
        path: Vec::new(),
        breaks: Vec::new(),
    };
    let plan = resolver.node(writer, reader);
    (plan, resolver.breaks)
}

struct Resolver {
    names: Names,
    path: Vec<String>,
    breaks: Vec<Break>,
}

impl Resolver {
    fn broken(&mut self, kind: BreakKind) -> Plan {
        self.breaks.push(Break {
            place: self.path.join("."),
            kind,
        });
        Plan::Null
    }

    fn inside(&mut self, step: &str, writer: &Node, reader: &Node) -> Plan {
        self.path.push(step.to_owned());
        let plan = self.node(writer, reader);
        self.path.pop();
        plan
    }

    fn named(&mut self, writer: &str, reader: &str) {
        if self.names == Names::Compared && writer != reader {
            self.broken(BreakKind::Name {
                written: writer.to_owned(),
                read: reader.to_owned(),
            });
        }
    }

    fn node(&mut self, writer: &Node, reader: &Node) -> Plan {
        if let (Some(wire), Some(to)) = (Number::of(writer), Number::of(reader))
            && wire <= to
        {
            return Plan::Number { wire, to };
        }
        match (writer, reader) {
            (Node::Union(branches), _) => {
                let plans = branches.iter().map(|branch| self.node(branch, reader));
                Plan::Union(plans.collect())
            }
            (_, Node::Union(branches)) => self.branch(writer, branches),
            (Node::Null, Node::Null) => Plan::Null,
            (Node::Boolean, Node::Boolean) => Plan::Boolean,
            (Node::Bytes | Node::String, Node::String) => Plan::Text,
            (Node::Bytes | Node::String, Node::Bytes) => Plan::Bytes,
            (Node::Array(items), Node::Array(read)) => {
                Plan::Array(Box::new(self.inside("[]", items, read)))
            }
            (Node::Map(values), Node::Map(read)) => {
                Plan::Map(Box::new(self.inside("{}", values, read)))
            }
            (Node::Record(written), Node::Record(read)) => self.record(written, read),
            (Node::Enum { name, symbols, .. }, Node::Enum { name: read, .. }) => {
                self.named(name, read);
                self.symbols(symbols, reader)
            }
            (
                Node::Fixed { name, size },
                Node::Fixed {
                    name: read,
                    size: to,
                },
            ) => {
                self.named(name, read);
                if size != to {
                    return self.broken(BreakKind::Size {
                        written: *size,
                        read: *to,
                    });
                }
                Plan::Fixed(*size)
            }
            _ => self.broken(BreakKind::Type {
                written: writer.kind(),
                read: reader.kind(),
            }),
        }
    }

    /// The branch of the reader's that takes what was written: one of the same type before one that
    /// is wider.
    fn branch(&mut self, writer: &Node, branches: &[Node]) -> Plan {
        let same = |node: &&Node| node.kind() == writer.kind();
        let ordered = branches.iter().filter(same);
        let ordered = ordered.chain(branches.iter().filter(|node| !same(node)));
        let mut nearest: Option<Vec<Break>> = None;
        for reader in ordered {
            let before = self.breaks.len();
            let plan = self.node(writer, reader);
            let breaks = self.breaks.split_off(before);
            if breaks.is_empty() {
                return plan;
            }
            // What stands in the way of the same type says more than that the others differ.
            nearest.get_or_insert(breaks);
        }
        let is_same = branches.iter().any(|node| same(&node));
        match (nearest, branches) {
            (Some(breaks), _) if is_same => self.breaks.extend(breaks),
            (_, [Node::Null, only] | [only, Node::Null]) => {
                self.broken(BreakKind::Type {
                    written: writer.kind(),
                    read: only.kind(),
                });
            }
            _ => {
                self.broken(BreakKind::Type {
                    written: writer.kind(),
                    read: "a union without it",
                });
            }
        }
        Plan::Null
    }

    fn record(&mut self, written: &Record, read: &Record) -> Plan {
        self.named(&written.name, &read.name);
        let mut steps = Vec::with_capacity(written.fields.len());
        for field in &written.fields {
            let reader = read
                .fields
                .iter()
                .find(|reader| reads(reader, field, written));
            steps.push(match reader {
                Some(reader) => Step {
                    name: Some(reader.name.clone()),
                    plan: self.inside(&reader.name, &field.node, &reader.node),
                },
                None => Step {
                    name: None,
                    plan: Plan::identity(&field.node),
                },
            });
        }
        let mut defaults = Vec::new();
        for field in &read.fields {
            if steps
                .iter()
                .any(|step| step.name.as_ref() == Some(&field.name))
            {
                continue;
            }
            match &field.default {
                Some(default) => defaults.push((field.name.clone(), default.clone())),
                None => {
                    self.path.push(field.name.clone());
                    self.broken(BreakKind::NoDefault);
                    self.path.pop();
                }
            }
        }
        Plan::Record { steps, defaults }
    }

    fn symbols(&mut self, written: &[String], reader: &Node) -> Plan {
        let Node::Enum {
            symbols, default, ..
        } = reader
        else {
            return Plan::Null;
        };
        let mut known = Vec::with_capacity(written.len());
        for symbol in written {
            if symbols.contains(symbol) {
                known.push(symbol.clone());
            } else if let Some(default) = default {
                known.push(default.clone());
            } else {
                self.broken(BreakKind::Symbol(symbol.clone()));
            }
        }
        Plan::Enum(known)
    }
}

/// True where the reader's field is filled from the writer's: by its name, else by the first alias
/// that the writer has.
fn reads(reader: &Field, writer: &Field, written: &Record) -> bool {
    let has = |name: &String| written.fields.iter().any(|field| field.name == *name);
    let name = std::iter::once(&reader.name)
        .chain(&reader.aliases)
        .find(|name| has(name));
    name == Some(&writer.name)
}
