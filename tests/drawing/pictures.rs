//! Pictures: each of the six flows in each form.

use crate::flows::six;

#[test]
fn look() {
    for (name, drawing) in six() {
        for extension in ["html", "svg", "mmd", "dot", "txt"] {
            drawing.save(format!("/tmp/draw-shots/{name}.{extension}")).unwrap();
        }
    }
}
