//! The seam through which old events become today's events.
//!
//! It promises one list that every reader of the log uses: the loader, the projections, the rebuild.
//! It changes nothing that is stored: an upcaster works on the copy that was read.
//! Today every event type has one version, so the list is empty.

use cqrs_es::persist::EventUpcaster;

/// The upcasters of all events of this domain, in the order in which they are applied.
///
/// How an event type moves on, say `IngestaCreada` to version 2:
///
/// 1. A new field that may be absent needs no version: give it `#[serde(default)]`. For anything
///    else go on.
/// 2. Change the struct. In `event_version` give the type an arm of its own that answers `"2"`.
/// 3. Add a `cqrs_es::persist::SemanticVersionEventUpcaster` here, for `"IngestaCreada"` and `"2"`. It is
///    given the whole payload, `{"IngestaCreada": {..}}`, and must leave a payload that it does not
///    know as it is: it runs while reading and must not panic.
/// 4. Add `stored-events/IngestaCreada.2.json` and its line in `INDEX`. `IngestaCreada.1.json` stays as it
///    is for ever; the server's test now reads it through the upcaster.
/// 5. Try the new program on the old log, `ingesta doctor --all`; then deploy the readers before the
///    first writer of version 2.
///
/// An event that becomes several, or none, needs more than these one-to-one upcasters: an
/// `ingesta_event_store::Upcaster`, which the server gives its codec behind this list.
///
/// ```
/// assert!(ingesta_domain::upcasters().is_empty());
/// ```
#[must_use]
pub fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
    Vec::new()
}
