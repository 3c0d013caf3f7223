//! The fonts of the window, bundled: system fonts fill gaps differently on every machine.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily};

/// The semi-bold of [`FontFamily::Proportional`], for headings and numbers that matter.
pub fn strong() -> FontFamily {
    FontFamily::Name("strong".into())
}

/// Makes the bundled fonts the first ones of every family.
pub fn install(ctx: &egui::Context) {
    ctx.set_fonts(definitions(FontDefinitions::default()));
}

/// The bundled fonts before those of `fallback` (what a child prints may hold any character).
fn definitions(mut fallback: FontDefinitions) -> FontDefinitions {
    let bundled: [(&str, &'static [u8]); 4] = [
        ("Inter", include_bytes!("../../assets/fonts/Inter-Regular.otf")),
        ("Inter SemiBold", include_bytes!("../../assets/fonts/Inter-SemiBold.otf")),
        ("JetBrains Mono", include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf")),
        ("Noto Sans Symbols 2", include_bytes!("../../assets/fonts/NotoSansSymbols2-Regular.ttf")),
    ];
    for (name, bytes) in bundled {
        fallback.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    for (family, first) in
        [(FontFamily::Proportional, "Inter"), (strong(), "Inter SemiBold"), (FontFamily::Monospace, "JetBrains Mono")]
    {
        let others = fallback.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
        let names = fallback.families.entry(family).or_insert_with(|| others);
        names.retain(|name| name != first && name != "Inter" && name != "Noto Sans Symbols 2");
        names.splice(0..0, [first.to_owned(), "Noto Sans Symbols 2".to_owned()]);
    }
    fallback
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// Every character beyond ASCII in the source, comments left out.
    fn characters_of(folder: &Path, found: &mut BTreeSet<char>) {
        for entry in std::fs::read_dir(folder).expect("the source is here") {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                characters_of(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("source is UTF-8");
                let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                found.extend(code.flat_map(str::chars).filter(|character| !character.is_ascii()));
            }
        }
    }

    #[test]
    fn every_character_of_the_source_is_in_the_bundled_fonts() {
        let mut wanted = BTreeSet::new();
        characters_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut wanted);
        assert!(wanted.contains(&'→') && wanted.contains(&'×'), "the search finds what is known to be there");
        let mut fonts =
            egui::epaint::text::Fonts::new(egui::epaint::TextOptions::default(), definitions(FontDefinitions::empty()));
        let mut fonts = fonts.with_pixels_per_point(1.0);
        for family in [FontFamily::Proportional, strong()] {
            let font = egui::FontId::new(14.0, family);
            let missing: String = wanted.iter().filter(|&&character| !fonts.has_glyph(&font, character)).collect();
            assert_eq!(missing, "", "not in {:?}: bundle it, or draw it", font.family);
        }
    }
}
