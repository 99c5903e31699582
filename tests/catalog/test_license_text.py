from __future__ import annotations

import pytest

from anchore_gate.catalog.license_text import license_in


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Apache License\n   Version 2.0, January 2004\n 2. Grant of Copyright License.", "Apache-2.0"),
        ("Permission is hereby granted, free of charge, to any\nperson obtaining a copy", "MIT"),
        ("Redistribution and use in source and binary forms\n... Neither the name", "BSD-3-Clause"),
        ("Redistribution and use in source and binary forms", "BSD-2-Clause"),
        ("GNU GENERAL PUBLIC LICENSE\n  Version 2, June 1991", "GPL-2.0-only"),
        ("All rights reserved", ""),
        ("", ""),
    ],
)
def test_a_license_is_known_by_its_sentences(text: str, name: str) -> None:
    assert license_in(text.encode()) == name
