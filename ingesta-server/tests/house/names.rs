//! Which defects of the seed systems (`b_NN_..`) and which faults (`t_NN_..`) have a test.
//!
//! It promises that the numbers listed here have one, and prints all that exist.
//! It does not run them: each is in the crate that it tests.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{Source, rust};

/// Defects of the seed systems that must have a test.
const DEFECTS: &[u32] = &[
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 18, 21, 23, 24, 25, 26, 27, 28, 29, 30, 32, 33, 34,
    35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 65, 69, 70,
];

/// Faults that must have a test.
const FAULTS: &[u32] = &[1, 2, 3, 6, 7, 8, 9, 11, 13, 14, 15];

type Names = BTreeMap<(char, u32), BTreeSet<String>>;

/// `b_07_..` and `t_01_..`: the letter and the number.
fn number(name: &str) -> Option<(char, u32)> {
    let letter = name
        .chars()
        .next()
        .filter(|letter| matches!(letter, 'b' | 't'))?;
    let (digits, rest) = name[1..].strip_prefix('_')?.split_at_checked(2)?;
    rest.strip_prefix('_')?;
    Some((letter, digits.parse().ok()?))
}

/// The named tests of a file: functions that stand under an attribute that makes a test.
fn collect(source: &Source, names: &mut Names) {
    let mut is_test = false;
    for line in source.text.lines().map(str::trim) {
        if line.starts_with("#[") {
            is_test |= line.contains("test]") || line.contains("test(");
            continue;
        }
        let function = line
            .strip_prefix("async ")
            .unwrap_or(line)
            .strip_prefix("fn ");
        if let Some(name) = function.and_then(|rest| rest.split(['(', '<']).next())
            && is_test
            && let Some(number) = number(name)
        {
            names.entry(number).or_default().insert(name.to_owned());
        }
        is_test &= line.starts_with("//");
    }
}

fn without_a_test(names: &Names) -> Vec<String> {
    let wanted = DEFECTS
        .iter()
        .map(|n| ('b', *n))
        .chain(FAULTS.iter().map(|n| ('t', *n)));
    let bare = wanted.filter(|number| !names.contains_key(number));
    bare.map(|(letter, number)| format!("{letter}_{number:02}_.."))
        .collect()
}

#[test]
fn every_promised_defect_and_fault_has_a_test() {
    let mut names = Names::new();
    rust().iter().for_each(|source| collect(source, &mut names));
    for ((letter, number), tests) in &names {
        let kind = if *letter == 'b' { "defect" } else { "fault" };
        println!(
            "{kind} {}-{number:02}: {}",
            letter.to_ascii_uppercase(),
            tests.len()
        );
        tests.iter().for_each(|test| println!("  {test}"));
    }
    let bare = without_a_test(&names);
    assert!(bare.is_empty(), "no test is named {}", bare.join(", "));
}

#[test]
fn the_rule_of_names_can_fail() {
    let mut names = Names::new();
    let text = "#[test]\nfn b_07_twice() {}\n\n#[tokio::test(flavor = \"multi_thread\")]\n// why\nasync fn \
                t_02_gone() {}\n\nfn b_10_no_test() {}\n#[test]\nfn b_18x() {}\n#[test]\nfn b_1() {}";
    collect(&Source::new("a.rs", text), &mut names);
    assert_eq!(
        names.keys().copied().collect::<Vec<_>>(),
        [('b', 7), ('t', 2)]
    );
    let bare = without_a_test(&names);
    assert_eq!(bare.len(), DEFECTS.len() + FAULTS.len() - 2);
    assert!(bare.contains(&"b_10_..".to_owned()));
}
