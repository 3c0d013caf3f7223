//! The bars by numbers.

use super::*;

fn row(kind: Kind, number: &str, from: f64, to: f64) -> Row {
    Row { kind, number: number.to_owned(), ns: 0, from, to }
}

/// 4.00 − 1.00 + 0.50 − 0.00 = 3.50.
fn rows() -> Vec<Row> {
    vec![
        row(Kind::Ideal, "4.00", 0.0, 4.0),
        row(Kind::Lost(Part::Starting), "−1.00", 3.0, 4.0),
        row(Kind::Lost(Part::Busy), "+0.50", 3.0, 3.5),
        row(Kind::Lost(Part::Unexplained), "0.00", 3.5, 3.5),
        row(Kind::Measured, "3.50", 0.0, 3.5),
    ]
}

fn layout(rows: &[Row]) -> Layout {
    // Names 100 wide, numbers 40, and half a row of air on both sides of the bars: 400 for 4×.
    let space = Rect::from_min_size(pos2(10.0, 50.0), vec2(560.0, 100.0));
    Layout::new(rows, space, (100.0, 40.0))
}

#[test]
fn bars_lie_on_one_scale() {
    let layout = layout(&rows());
    let bars: Vec<(f32, f32)> = layout.rows.iter().map(|row| (row.bar.left(), row.bar.right())).collect();
    assert_eq!(bars, [(120.0, 520.0), (420.0, 520.0), (420.0, 470.0), (470.0, 471.0), (120.0, 470.0)]);
    assert!(layout.rows.windows(2).all(|pair| pair[0].bar.bottom() < pair[1].bar.top()));
}

#[test]
fn every_bar_begins_where_the_one_before_ends() {
    let joints: Vec<f32> = layout(&rows()).joints.iter().map(|joint| joint.x).collect();
    assert_eq!(joints, [520.0, 420.0, 470.0, 470.0]);
}

#[test]
fn no_bar_leaves_the_scale() {
    let at_the_edge = [
        row(Kind::Ideal, "2.00", 0.0, 2.0),
        row(Kind::Lost(Part::Messages), "0.00", 2.0, 2.0),
        row(Kind::Measured, "2.00", 0.0, 2.0),
    ];
    for row in layout(&at_the_edge).rows {
        assert!(row.bar.right() <= 520.0 && row.bar.width() >= HAIR, "{:?}", row.bar);
    }
}

#[test]
fn a_row_is_found_by_its_height() {
    let layout = layout(&rows());
    assert_eq!([55.0, 85.0, 149.0, 151.0].map(|y| layout.row_at(y)), [Some(0), Some(1), Some(4), None]);
}
