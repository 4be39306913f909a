# SPDX-License-Identifier: Apache-2.0
"""index.html and reports of slides are well formed: every element is closed in order, pictures have words, links stay inside the folder, no script.

Usage: check_index.py FOLDER REPORTS
"""
import html.parser
import pathlib
import sys
import urllib.parse

VOID = {"meta", "img", "br", "link"}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.images, self.links, self.rows, self.captions, self.text = [], [], [], 0, [], ""

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        assert tag not in ("script", "iframe", "link", "object"), tag
        assert not any(name.startswith("on") for name in found), found
        if tag not in VOID:
            self.open.append(tag)
        self.rows += tag == "tr" and self.open.count("table") == 1  # not those of a table in a cell
        if tag == "figcaption" and "td" in self.open:
            self.captions.append("")
        if tag == "img":
            assert found["alt"], "a picture without words"
            self.images.append(found["src"])
        if tag == "a":
            self.links.append(found["href"])

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"{self.getpos()}: </{tag}> closes nothing"

    def handle_data(self, data):
        if "figcaption" in self.open and "td" in self.open:
            self.captions[-1] += data
        self.text += data


def read(path):
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    assert not page.open, page.open
    for target in page.images + page.links:
        parts = urllib.parse.urlsplit(target)
        assert not parts.scheme and not parts.netloc and not parts.query and not parts.fragment, target
        assert not urllib.parse.unquote(parts.path).startswith(("/", "..")), target
    return page


def main():
    page = read(pathlib.Path(sys.argv[1]) / "index.html")
    assert page.rows == 6, page.rows
    assert len(page.images) == 10 and len(page.links) == 29, (page.images, page.links)
    assert "./slides/case%207/thumbnail.jpg" in page.images
    assert "./slides/many/heatmap_grade%25204%252F5.png" in page.images  # the file is named heatmap_grade%204%2F5.png
    assert page.captions == ["attention", "malignant", "grade 3 tif", "grade 4/5 tif", "benign tif"], page.captions
    assert "Nightly <run> & report" in page.text
    survival, classes = (read(pathlib.Path(sys.argv[2]) / name) for name in ("survival.html", "classes.html"))
    assert survival.images == classes.images == ["./thumbnail.jpg", "./heatmap.png"], (survival.images, classes.images)
    assert "High risk group" in survival.text and "Predicted survival" in survival.text and "High risk group" not in classes.text
    print(f"{page.rows - 1} slides, {len(page.images)} pictures, {len(page.links)} links")


main()
