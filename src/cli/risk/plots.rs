//! Plots of a backtest as SVG: reliability diagram, capture curve, distribution of scores. Plain shapes, no scripts.

use std::path::Path;

use engine::risk::Scored;

use crate::cli::Failure;

/// Writes `reliability.svg`, `capture.svg` and `scores.svg`.
pub(super) fn write_all(folder: &Path, scored: &Scored) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Failure::usage(anyhow::Error::new(error).context(format!("{} cannot be made", folder.display())))
    })?;
    for (name, plot) in
        [("reliability", reliability(scored)), ("capture", capture(scored)), ("scores", scores(scored))]
    {
        super::write(&folder.join(format!("{name}.svg")), &plot)?;
    }
    Ok(())
}

const SIDE: f64 = 360.0;
const MARGIN: f64 = 64.0;

/// A square plot; both axes reach from 0 to `reach`.
struct Plot {
    shapes: String,
    reach: (f64, f64),
}

impl Plot {
    fn new((title, x, y): (&str, &str, &str), reach: (f64, f64)) -> Self {
        let mut shapes = String::new();
        let (middle, full) = (MARGIN + SIDE / 2.0, SIDE + 2.0 * MARGIN);
        let bottom = full - 12.0;
        for (words, x, y, turn) in [
            (title, middle, 26.0, String::new()),
            (x, middle, bottom, String::new()),
            (y, 14.0, middle, format!(" transform=\"rotate(-90 14 {middle})\"")),
        ] {
            shapes += &format!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\"{turn}>{words}</text>\n");
        }
        let mut plot = Self { shapes, reach };
        for step in 0..=4 {
            let share = f64::from(step) / 4.0;
            let (at_x, at_y) = (MARGIN + share * SIDE, MARGIN + SIDE - share * SIDE);
            let (low, high) = (MARGIN + SIDE, MARGIN);
            let label = |reach: f64| format!("{:.*} %", usize::from(reach < 0.2), share * reach * 100.0);
            let (x, y) = (label(plot.reach.0), label(plot.reach.1));
            plot.shapes += &format!(
                "<path d=\"M{at_x:.1} {low}V{high}M{high} {at_y:.1}H{low}\" stroke=\"#ddd\" fill=\"none\"/>\n\
                 <text x=\"{at_x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"11\">{x}</text>\n\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" font-size=\"11\">{y}</text>\n",
                low + 15.0,
                high - 4.0,
                at_y + 4.0
            );
        }
        plot
    }

    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let share = |value: f64, reach: f64| (value / reach).clamp(0.0, 1.0) * SIDE;
        (MARGIN + share(x, self.reach.0), MARGIN + SIDE - share(y, self.reach.1))
    }

    fn line(&mut self, points: &[(f64, f64)], style: &str) {
        let place = |point: &(f64, f64)| {
            let (x, y) = self.place(*point);
            format!("{x:.1},{y:.1}")
        };
        let path: Vec<String> = points.iter().map(place).collect();
        self.shapes += &format!("<polyline points=\"{}\" fill=\"none\" {style}/>\n", path.join(" "));
    }

    fn dot(&mut self, point: (f64, f64)) {
        let (x, y) = self.place(point);
        self.shapes += &format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"#1f5fa8\"/>\n");
    }

    fn bar(&mut self, (from, until): (f64, f64), height: f64) {
        let ((left, top), (right, bottom)) = (self.place((from, height)), self.place((until, 0.0)));
        let (width, tall) = (right - left - 1.0, bottom - top);
        self.shapes += &format!(
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{tall:.1}\" fill=\"#1f5fa8\"/>\n"
        );
    }

    fn svg(self) -> String {
        let full = SIDE + 2.0 * MARGIN;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {full} {full}\" font-family=\"sans-serif\" \
             font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{}</svg>\n",
            self.shapes
        )
    }
}

const GUIDE: &str = "stroke=\"#999\" stroke-dasharray=\"4 4\"";
const CURVE: &str = "stroke=\"#1f5fa8\" stroke-width=\"2\"";

fn reliability(scored: &Scored) -> String {
    let bins = scored.bins();
    let reach = bins.iter().map(|bin| bin.predicted.max(bin.observed)).fold(0.01, f64::max) * 1.1;
    let reach = reach.min(1.0);
    let words = ("Ten bins of equal mass", "predicted probability", "share that failed");
    let mut plot = Plot::new(words, (reach, reach));
    plot.line(&[(0.0, 0.0), (reach, reach)], GUIDE);
    let points: Vec<(f64, f64)> = bins.iter().map(|bin| (bin.predicted, bin.observed)).collect();
    plot.line(&points, CURVE);
    for point in points {
        plot.dot(point);
    }
    plot.svg()
}

fn capture(scored: &Scored) -> String {
    let words = ("Failures among the riskiest changes", "share of changes", "share of failures");
    let mut plot = Plot::new(words, (1.0, 1.0));
    plot.line(&[(0.0, 0.0), (1.0, 1.0)], GUIDE);
    let steps = (0..=50).map(|step| f64::from(step) / 50.0);
    let points: Vec<(f64, f64)> = steps.map(|top| (top, scored.capture(top))).collect();
    plot.line(&points, CURVE);
    plot.svg()
}

fn scores(scored: &Scored) -> String {
    const BARS: u32 = 25;
    let highest = scored.pairs.iter().map(|pair| pair.0).fold(0.01, f64::max);
    let total = scored.pairs.iter().map(|_| 1.0).sum::<f64>();
    let width = highest / f64::from(BARS);
    let bars: Vec<((f64, f64), f64)> = (0..BARS)
        .map(|bar| {
            let (from, until) = (f64::from(bar) * width, f64::from(bar + 1) * width);
            let inside = |p: f64| p >= from && (p < until || bar + 1 == BARS);
            ((from, until), scored.pairs.iter().filter(|pair| inside(pair.0)).map(|_| 1.0).sum::<f64>() / total)
        })
        .collect();
    let tallest = bars.iter().map(|bar| bar.1).fold(0.01, f64::max);
    let mut plot =
        Plot::new(("Distribution of scores", "predicted probability", "share of changes"), (highest, tallest));
    for (span, height) in bars {
        plot.bar(span, height);
    }
    plot.svg()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_plot_is_one_closed_svg_without_numbers_gone_wrong() {
        let pairs = (0..200).map(|turn| (f64::from(turn) / 400.0, f64::from(u8::from(turn % 7 == 0)))).collect();
        let scored = Scored { pairs };
        for plot in [reliability(&scored), capture(&scored), scores(&scored)] {
            assert!(plot.starts_with("<svg") && plot.ends_with("</svg>\n") && !plot.contains("NaN"), "{plot}");
        }
    }
}
