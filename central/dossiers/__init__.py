"""From paper to an electronic dossier: files brought in, pages read, a catalogue in the statutory order, sealed."""
