//! What the key of a view's table is called when the table changes its name: as Postgres would call
//! it, unless that name is taken.
//!
//! It is taken where somebody has put a table aside under another name by hand: the key keeps the
//! old one. Then the number of the key's own table stands behind the name, which no other key has.

use super::names::{key_of, literal};
use crate::TableName;

/// What [`settle`] needs declared around it.
pub(super) const DECLARE: &str = "key_name text; key_wanted text;";

/// Characters of a name that leave room for a number behind them.
const STEM: usize = 52;

/// Statements of a block that give the key of `table`, if it has one, the name that it should have.
pub(super) fn settle(table: &TableName) -> String {
    format!(
        "select c.conname into key_name from pg_constraint c
          where c.conrelid = {text}::regclass and c.contype = 'p';
         if found then
           key_wanted := {wanted};
           if key_name <> key_wanted and exists (
                select from pg_class k join pg_class t on t.relnamespace = k.relnamespace
                 where t.oid = {text}::regclass and k.relname = key_wanted) then
             key_wanted := left(key_wanted, {STEM}) || '_' || {text}::regclass::oid;
           end if;
           if key_name <> key_wanted then
             execute format('alter table %s rename constraint %I to %I',
                            {text}, key_name, key_wanted);
           end if;
         end if;",
        text = literal(&table.quoted()),
        wanted = literal(key_of(table).as_str()),
    )
}
