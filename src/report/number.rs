//! Numbers as people read them.

use std::time::Duration;

/// `1234567` as `1,234,567`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share in percent with three to four significant digits; `-` of nothing.
pub fn percent(part: f64, whole: f64) -> String {
    let share = 100.0 * part / whole;
    match share {
        s if !s.is_finite() => "-".to_owned(),
        s if s == 0.0 || s.abs() >= 9.995 => format!("{s:.1} %"),
        s if s.abs() >= 0.0995 => format!("{s:.2} %"),
        s => format!("{s:.1e} %"),
    }
}

/// A sum with up to seven significant digits, whole numbers grouped.
pub fn sum(x: f64) -> String {
    let size = x.abs();
    if x.fract() == 0.0 && size < 1e15 {
        let sign = if x < 0.0 { "-" } else { "" };
        return format!("{sign}{}", grouped(size as u64));
    }
    if !(1e-3..1e9).contains(&size) {
        return format!("{x:.6e}");
    }
    let before = (size.log10().floor() as i32 + 1).max(1);
    format!("{x:.*}", usize::try_from(7 - before).unwrap_or(0))
}

/// A duration with two to three digits: `0.4 ms`, `12 ms`, `3.45 s`, `12 min 3 s`.
pub fn seconds(time: Duration) -> String {
    let s = time.as_secs_f64();
    match s {
        s if s < 9.95e-3 => format!("{:.1} ms", s * 1e3),
        s if s < 0.9995 => format!("{:.0} ms", s * 1e3),
        s if s < 9.995 => format!("{s:.2} s"),
        s if s < 119.5 => format!("{s:.1} s"),
        s => format!("{} min {} s", s as u64 / 60, s as u64 % 60),
    }
}

/// Bytes with a decimal unit: `293 kB`, `1.2 GB`.
pub fn bytes(n: u64) -> String {
    let units = ["kB", "MB", "GB", "TB", "PB"];
    if n < 1000 {
        return format!("{n} B");
    }
    let mut value = n as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(value < 9.95);
    format!("{value:.digits$} {}", units[unit])
}

/// Events a second: `532 k events/s`.
pub fn rate(events: u64, time: Duration) -> String {
    let rate = events as f64 / time.as_secs_f64().max(1e-9);
    match rate {
        r if r < 9_999.5 => format!("{r:.0} events/s"),
        r if r < 999_500.0 => format!("{:.0} k events/s", r / 1e3),
        r => format!("{:.1} M events/s", r / 1e6),
    }
}

/// `1 file`, `2 files`.
pub fn counted(n: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(n), if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let ms = Duration::from_millis;
        let table = [
            (grouped(0), "0"),
            (grouped(999), "999"),
            (grouped(1000), "1,000"),
            (grouped(1_234_567), "1,234,567"),
            (percent(1.0, 0.0), "-"),
            (percent(0.0, 5.0), "0.0 %"),
            (percent(5.0, 5.0), "100.0 %"),
            (percent(123.0, 1000.0), "12.3 %"),
            (percent(1.0, 30.0), "3.33 %"),
            (percent(1.0, 1e5), "1.0e-3 %"),
            (sum(1000.0), "1,000"),
            (sum(-225892.0), "-225,892"),
            (sum(0.0), "0"),
            (sum(1.5), "1.500000"),
            (sum(-12345.678), "-12345.68"),
            (sum(12345678.5), "12345678"),
            (sum(1e-9), "1.000000e-9"),
            (seconds(Duration::from_micros(449)), "0.4 ms"),
            (seconds(ms(12)), "12 ms"),
            (seconds(ms(3456)), "3.46 s"),
            (seconds(ms(34560)), "34.6 s"),
            (seconds(ms(723_000)), "12 min 3 s"),
            (bytes(12), "12 B"),
            (bytes(293_099), "293 kB"),
            (bytes(1_234_567_890), "1.2 GB"),
            (bytes(999_999), "1.0 MB"),
            (rate(1000, ms(1000)), "1000 events/s"),
            (rate(532_000, ms(1000)), "532 k events/s"),
            (rate(5_320_000, ms(1000)), "5.3 M events/s"),
            (counted(1, "file"), "1 file"),
            (counted(2000, "event"), "2,000 events"),
        ];
        for (got, expected) in table {
            assert_eq!(got, expected);
        }
    }
}
