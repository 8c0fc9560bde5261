//! Measurements as Prometheus' HTTP API answers a query: `vector` or `matrix`.
//!
//! * The ends are the labels `from` and `to`, else `source_region`, `src_region`, `client_region`,
//!   `source`, `src`, and `target_region`, `destination_region`, `dst_region`, `server_region`,
//!   `target`, `destination`, `dst`, the first that a series has.
//! * What is measured follows from the words of the metric's name: `jitter`, `mdev`, `stddev` are
//!   jitter; `lag`, `staleness`, `behind` replication lag; `success`, `availability` a share of
//!   successes; everything else is a round trip: the median, or, with `quantile="0.99"`, the 99th
//!   percentile. Other quantiles are left out.
//! * The unit is the name's last word: `seconds`, `milliseconds` or `ms`, `microseconds` or `us`,
//!   `percent`; without one round trips and jitter are in milliseconds, lag in seconds and success
//!   from 0 to 1.
//! * Of a matrix the upper median over time counts for medians and jitter, the largest for the 99th
//!   percentile and lag, the mean for success.
//! * `NaN` and infinities were not measured.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::diag::{Code, Diagnostic, Sink, SourceId, Sources, Span};

use super::super::table::Cell;
use super::number::{self, Number};
use super::{Ends, FAULTS, LONGEST, Quantity, Values};

const FROM: [&str; 6] = [
    "from",
    "source_region",
    "src_region",
    "client_region",
    "source",
    "src",
];
const TO: [&str; 8] = [
    "to",
    "target_region",
    "destination_region",
    "dst_region",
    "server_region",
    "target",
    "destination",
    "dst",
];

#[derive(Deserialize)]
struct Answer<'a> {
    status: Option<String>,
    error: Option<String>,
    #[serde(borrow)]
    data: Option<Data<'a>>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(rename = "resultType")]
    kind: String,
    #[serde(borrow)]
    result: &'a RawValue,
}

#[derive(Deserialize)]
struct Series<'a> {
    #[serde(borrow)]
    metric: BTreeMap<String, &'a RawValue>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
    #[serde(borrow)]
    values: Option<Vec<&'a RawValue>>,
}

pub(super) fn read<'r, 'a>(
    source: SourceId,
    sources: &'a Sources,
    ends: &mut Ends<'r, 'a>,
    values: &mut Values<'r>,
    sink: &mut Sink,
) {
    let text = sources.get(source).text();
    let mut reader = Reader {
        text,
        source,
        ends,
        values,
        sink,
        other_quantile: None,
    };
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    if reader.answer(body).is_some()
        && let Some(first) = reader.other_quantile
    {
        let others = Diagnostic::new(
            Code::MeasuredHoles,
            "quantiles other than 0.5 and 0.99 are left out",
        )
        .at(first, "the first of them")
        .help("ask for the quantiles 0.5 and 0.99: budgets are for the median and the 99th percentile");
        reader.sink.emit(others);
    }
}

struct Reader<'s, 'r, 'a> {
    text: &'a str,
    source: SourceId,
    ends: &'s mut Ends<'r, 'a>,
    values: &'s mut Values<'r>,
    sink: &'s mut Sink,
    other_quantile: Option<Span>,
}

impl<'a> Reader<'_, '_, 'a> {
    /// Where a part of the text stands in it.
    fn span(&self, part: &str) -> Span {
        let start = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        Span::new(self.source, start, start + part.len())
    }

    fn parse<T: Deserialize<'a>>(&mut self, part: &'a str) -> Option<T> {
        serde_json::from_str(part)
            .map_err(|error| {
                let lines = part
                    .split_inclusive('\n')
                    .take(error.line().saturating_sub(1));
                let start: usize = lines.map(str::len).sum();
                let at = (start + error.column().saturating_sub(1)).min(part.len());
                let at = self.span(part).start as usize + at;
                let told = error.to_string();
                let told = told.split(" at line ").next().unwrap_or_default();
                self.sink.emit(
                    Diagnostic::new(
                        Code::MeasuredFormat,
                        format!("not what Prometheus answers: {told}"),
                    )
                    .at(Span::new(self.source, at, at), "")
                    .help("give the answer of `/api/v1/query` or `/api/v1/query_range` as it came"),
                );
            })
            .ok()
    }

    fn fault(&mut self, code: Code, part: &str, message: String, help: &str) {
        let at = self.span(part);
        self.sink
            .emit(Diagnostic::new(code, message).at(at, "").help(help));
    }

    fn answer(&mut self, text: &'a str) -> Option<()> {
        let answer: Answer<'a> = self.parse(text)?;
        let whole = &text[..text.len().min(1)];
        if let (Some(error), _) | (None, Some(error)) = (
            answer.error,
            answer
                .status
                .filter(|s| s != "success")
                .map(|s| format!("status `{s}`")),
        ) {
            let message = format!("Prometheus did not answer the query: {error}");
            self.fault(
                Code::MeasuredFormat,
                whole,
                message,
                "correct the query and ask again",
            );
            return None;
        }
        let Some(data) = answer.data else {
            let help = "give the answer of `/api/v1/query` or `/api/v1/query_range` as it came";
            self.fault(
                Code::MeasuredFormat,
                whole,
                "the answer has no `data`".to_owned(),
                help,
            );
            return None;
        };
        if !["vector", "matrix"].contains(&data.kind.as_str()) {
            let message = format!(
                "the result is a `{}`, not a `vector` or `matrix`",
                data.kind
            );
            let help = "ask for series that have the labels `from` and `to`";
            self.fault(Code::MeasuredFormat, data.result.get(), message, help);
            return None;
        }
        let before = self.sink.errors();
        for series in self.parse::<Vec<&'a RawValue>>(data.result.get())? {
            if self.sink.errors() - before >= FAULTS {
                break;
            }
            if let Some(parsed) = self.parse::<Series<'a>>(series.get()) {
                self.series(series.get(), &parsed);
            }
        }
        Some(())
    }

    fn label(&self, series: &Series<'a>, names: &[&str]) -> Option<Cell<'a>> {
        let label = names.iter().find_map(|n| series.metric.get(*n))?;
        let text = bare(label);
        Some(Cell {
            text,
            span: self.span(text),
        })
    }

    fn series(&mut self, all: &'a str, series: &Series<'a>) {
        let name = series.metric.get("__name__").map_or("", |n| bare(n));
        let buckets = ["_bucket", "_count", "_sum", "_total"];
        if series.metric.contains_key("le") || buckets.iter().any(|b| name.ends_with(b)) {
            let message = format!("`{name}` is a counter of a histogram, not a time");
            let help = "ask for `histogram_quantile(0.99, …)` and for 0.5";
            return self.fault(Code::MeasuredFormat, all, message, help);
        }
        let (Some(from), Some(to)) = (self.label(series, &FROM), self.label(series, &TO)) else {
            let message =
                "the series has no labels for where it is measured from and to".to_owned();
            let help = "keep the labels `from` and `to` (or `source_region` and `target_region`) in the query";
            return self.fault(Code::MeasuredFormat, all, message, help);
        };
        let pair = self.ends.read(from, to, self.sink);
        let (mut quantity, unit) = meaning(name);
        if quantity == Quantity::P50
            && let Some(quantile) = series.metric.get("quantile").map(|q| bare(q))
        {
            match number::read(quantile) {
                Number::Millionths(500_000) => {}
                Number::Millionths(990_000) => quantity = Quantity::P99,
                _ => {
                    self.other_quantile.get_or_insert(self.span(quantile));
                    return;
                }
            }
        }
        let samples = match (series.value, &series.values) {
            (Some(one), _) => vec![one],
            (None, Some(many)) => many.clone(),
            (None, None) => {
                let message = "the series has neither `value` nor `values`".to_owned();
                let help = "ask for numbers: native histograms need `histogram_quantile(…)`";
                return self.fault(Code::MeasuredFormat, all, message, help);
            }
        };
        let mut over_time = Vec::with_capacity(samples.len());
        for sample in samples {
            let Some((_, value)) = self.parse::<(&'a RawValue, &'a RawValue)>(sample.get()) else {
                return;
            };
            match number::read(bare(value)) {
                Number::Hole => self.values.holes += 1,
                Number::Millionths(millionths) => {
                    let meant = unit.apply(millionths);
                    if meant > largest(quantity) {
                        return self.wrong(bare(value), quantity);
                    }
                    over_time.push(meant);
                }
                Number::Wrong => return self.wrong(bare(value), quantity),
            }
        }
        if let (Some(pair), Some(value)) = (pair, reduce(quantity, over_time)) {
            self.values.take(pair, quantity, value);
        }
    }

    fn wrong(&mut self, text: &'a str, quantity: Quantity) {
        let (what, _) = super::meant(quantity);
        let message = format!("`{text}` is not {what}");
        let help = match quantity {
            Quantity::Success => {
                "it goes from 0 to 1, or to 100 where the metric's name ends in `_percent`"
            }
            Quantity::Lag => "it is in seconds, unless the metric's name ends in another unit",
            _ => {
                "it is in milliseconds, unless the metric's name ends in `_seconds` or another unit"
            }
        };
        self.fault(Code::MeasuredValue, text, message, help);
    }
}

/// The text of a JSON string without its quotes, escapes as they are: no name and no number has any.
fn bare(raw: &RawValue) -> &str {
    let text = raw.get();
    text.strip_prefix('"')
        .and_then(|t| t.strip_suffix('"'))
        .unwrap_or(text)
}

/// What a value has to be divided by, with the right rounding.
#[derive(Clone, Copy)]
struct Unit(u64);

impl Unit {
    fn apply(self, millionths: u64) -> u64 {
        (millionths + self.0 / 2) / self.0
    }
}

/// What a metric measures, and in which unit, by its name.
fn meaning(name: &str) -> (Quantity, Unit) {
    let words: Vec<&str> = name.split(['_', ':']).collect();
    let any = |of: &[&str]| words.iter().any(|w| of.contains(w));
    let quantity = if any(&["jitter", "mdev", "stddev"]) {
        Quantity::Jitter
    } else if any(&["lag", "staleness", "behind"]) {
        Quantity::Lag
    } else if any(&["success", "availability"]) {
        Quantity::Success
    } else {
        Quantity::P50
    };
    let divisor = match (words.last().copied(), quantity) {
        (Some("percent"), Quantity::Success) => 100,
        (_, Quantity::Success) | (Some("seconds"), _) => 1,
        (Some("milliseconds" | "ms"), _) => 1000,
        (Some("microseconds" | "us"), _) => 1_000_000,
        (_, Quantity::Lag) => 1,
        _ => 1000,
    };
    (quantity, Unit(divisor))
}

fn largest(quantity: Quantity) -> u64 {
    match quantity {
        Quantity::P50 | Quantity::P99 | Quantity::Jitter => LONGEST,
        Quantity::Success => 1_000_000,
        Quantity::Lag => u64::MAX,
    }
}

/// Values over time as one.
fn reduce(quantity: Quantity, mut values: Vec<u64>) -> Option<u64> {
    values.sort_unstable();
    let count = u64::try_from(values.len()).ok().filter(|n| *n > 0)?;
    match quantity {
        Quantity::P50 | Quantity::Jitter => values.get(values.len() / 2).copied(),
        Quantity::P99 | Quantity::Lag => values.last().copied(),
        Quantity::Success => Some(values.iter().sum::<u64>() / count),
    }
}
