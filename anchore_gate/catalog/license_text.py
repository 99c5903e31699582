"""Which licence a LICENSE file holds, told by the sentences that only it has."""

from __future__ import annotations

import re

MAX_TEXT = 64 * 1024  # bytes that are looked at; Apache-2.0 has 11 KiB, the GPL 35
LICENSE_NAMES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "license.txt", "LICENCE", "LICENCE.txt", "COPYING")
# The first that fits, in this order: a name, and the words that must all be there.
_MARKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Apache-2.0", ("apache license", "version 2.0", "grant of copyright license")),
    ("Apache-1.1", ("the apache software license, version 1.1",)),
    ("EPL-2.0", ("eclipse public license - v 2.0",)),
    ("EPL-1.0", ("eclipse public license - v 1.0",)),
    ("EDL-1.0", ("eclipse distribution license - v 1.0",)),
    ("MPL-2.0", ("mozilla public license version 2.0",)),
    ("MPL-1.1", ("mozilla public license version 1.1",)),
    ("CDDL-1.1", ("common development and distribution license", "version 1.1")),
    ("CDDL-1.0", ("common development and distribution license", "version 1.0")),
    ("LGPL-3.0-only", ("gnu lesser general public license version 3",)),
    ("LGPL-2.1-only", ("gnu lesser general public license version 2.1",)),
    ("AGPL-3.0-only", ("gnu affero general public license version 3",)),
    ("GPL-3.0-only", ("gnu general public license version 3",)),
    ("GPL-2.0-only", ("gnu general public license version 2",)),
    ("SSPL-1.0", ("server side public license version 1",)),
    ("Elastic-2.0", ("elastic license 2.0",)),
    ("UPL-1.0", ("the universal permissive license",)),
    ("BSL-1.0", ("boost software license - version 1.0",)),
    ("MIT", ("permission is hereby granted, free of charge, to any person obtaining a copy",)),
    ("BSD-3-Clause", ("redistribution and use in source and binary forms", "neither the name")),
    ("BSD-2-Clause", ("redistribution and use in source and binary forms",)),
    ("CC0-1.0", ("cc0 1.0 universal",)),
    ("Unlicense", ("this is free and unencumbered software released into the public domain",)),
    ("ISC", ("permission to use, copy, modify, and/or distribute this software for any purpose",)),
)


def license_in(content: bytes) -> str:
    """The SPDX id of the licence that the text is, "" for one we do not know."""
    text = re.sub(r"\s+", " ", content[:MAX_TEXT].decode("utf-8", "replace")).lower()
    return next((name for name, words in _MARKS if all(word in text for word in words)), "")
