//! Pictures of the tables: each operation beside the yardstick, and requests a second by instances.

use std::path::{Path, PathBuf};

use plotters::prelude::*;

use crate::Failure;
use crate::by_instances::{LATENCY, Rates};
use crate::by_operation::Measured;

const WIDTH: u32 = 960;
/// Of a bar and what is around it.
const ROW: u32 = 24;
/// Of title, axis and its description.
const AROUND: u32 = 110;
/// Of the curves.
const CURVES: u32 = 420;

/// Blue and orange, apart from each other for the colour-blind too (Okabe and Ito).
const COLOURS: [RGBColor; 2] = [RGBColor(0, 114, 178), RGBColor(213, 94, 0)];
const YARDSTICK: RGBColor = RGBColor(120, 120, 120);

/// What there is to be drawn.
#[derive(Default)]
pub(crate) struct Picture {
    /// The yardstick's is the first.
    pub(crate) operations: Vec<Bar>,
    pub(crate) rates: Vec<Rates>,
}

/// Processor time of a warm request, µs.
pub(crate) struct Bar {
    name: &'static str,
    quartiles: [f64; 3],
}

impl Bar {
    pub(crate) fn of(measured: &Measured) -> Self {
        Self {
            name: measured.name(),
            quartiles: measured.processor_time(),
        }
    }
}

/// Where a picture comes to.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name(name)
}

/// White paper of this height.
fn paper(file: &Path, height: u32) -> Result<Area<'_>, Failure> {
    let area = SVGBackend::new(file, (WIDTH, height)).into_drawing_area();
    area.fill(&WHITE)?;
    Ok(area)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

impl Picture {
    /// Draws what there is; the files with it.
    pub(crate) fn draw(&self) -> Result<Vec<PathBuf>, Failure> {
        let mut files = Vec::new();
        if !self.operations.is_empty() {
            let rows = u32::try_from(self.operations.len())?;
            let file = file("operations.svg");
            let area = paper(&file, rows * ROW + AROUND)?;
            self.draw_operations(&area)?;
            area.present()?;
            files.push(file.clone());
        }
        if !self.rates.is_empty() {
            let file = file("instances.svg");
            let area = paper(&file, CURVES)?;
            self.draw_rates(&area)?;
            area.present()?;
            files.push(file.clone());
        }
        Ok(files)
    }

    fn draw_operations(&self, area: &Area<'_>) -> Result<(), Failure> {
        let most = self
            .operations
            .iter()
            .map(|bar| bar.quartiles[2])
            .fold(0.0, f64::max);
        // The first is at the top.
        let places = 0..i32::try_from(self.operations.len())?;
        let bar_at = |place: i32| {
            let place = usize::try_from(place).ok()?;
            self.operations.iter().rev().nth(place)
        };
        let mut chart = ChartBuilder::on(area)
            .caption(
                "Processor time of a warm request, µs: median and quartiles",
                ("sans-serif", 20),
            )
            .margin(12)
            .x_label_area_size(36)
            .y_label_area_size(340)
            .build_cartesian_2d(0.0..most * 1.05, places.clone().into_segmented())?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .y_labels(self.operations.len())
            .y_label_formatter(&|place| match place {
                SegmentValue::CenterOf(place) => {
                    bar_at(*place).map_or_else(String::new, |bar| bar.name.to_owned())
                }
                _ => String::new(),
            })
            .x_label_formatter(&|micros| format!("{micros:.0}"))
            .label_style(("sans-serif", 14))
            .draw()?;
        for place in places {
            let Some(Bar {
                name,
                quartiles: [low, median, high],
            }) = bar_at(place)
            else {
                continue;
            };
            let colour = if *name == self.operations[0].name {
                YARDSTICK
            } else {
                COLOURS[0]
            };
            let mut bar = Rectangle::new(
                [
                    (0.0, SegmentValue::Exact(place)),
                    (*median, SegmentValue::Exact(place + 1)),
                ],
                colour.filled(),
            );
            bar.set_margin(4, 4, 0, 0);
            chart.draw_series([bar])?;
            let center = SegmentValue::CenterOf(place);
            chart.draw_series([ErrorBar::new_horizontal(
                center,
                *low,
                *median,
                *high,
                BLACK.filled(),
                6,
            )])?;
        }
        Ok(())
    }

    fn draw_rates(&self, area: &Area<'_>) -> Result<(), Failure> {
        let all = || self.rates.iter().flat_map(|rates| &rates.rates);
        let instances = all()
            .map(|(instances, _)| f64::from(*instances))
            .fold(1.0, f64::max);
        let least = all().map(|(_, rate)| *rate).fold(f64::MAX, f64::min);
        let most = all().map(|(_, rate)| *rate).fold(0.0, f64::max);
        let title = format!(
            "Requests a second by instances, {} ms to DynamoDB",
            LATENCY.as_millis()
        );
        let mut chart = ChartBuilder::on(area)
            .caption(title, ("sans-serif", 20))
            .margin(12)
            .x_label_area_size(36)
            .y_label_area_size(70)
            .build_cartesian_2d(
                (1.0..instances).log_scale().base(2.0),
                (least * 0.8..most * 1.3).log_scale().base(2.0),
            )?;
        chart
            .configure_mesh()
            .x_desc("instances, each with one request at a time")
            .x_label_formatter(&|instances| format!("{instances:.0}"))
            .y_label_formatter(&|rate| format!("{rate:.0}"))
            .label_style(("sans-serif", 14))
            .draw()?;
        for (rates, colour) in self.rates.iter().zip(COLOURS) {
            let points = || {
                rates
                    .rates
                    .iter()
                    .map(|(instances, rate)| (f64::from(*instances), *rate))
            };
            chart
                .draw_series(LineSeries::new(points(), colour.stroke_width(2)))?
                .label(rates.name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], colour.stroke_width(2)));
            chart.draw_series(points().map(|point| Circle::new(point, 4, colour.filled())))?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.8))
            .border_style(YARDSTICK)
            .label_font(("sans-serif", 14))
            .draw()?;
        Ok(())
    }
}
