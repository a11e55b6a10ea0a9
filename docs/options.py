"""The page of all options, made of the core's table when the documentation is built: `python docs/options.py` prints it."""

from nbhybrid.options import options

HEAD = """# Options

`nbhybrid run` takes these options, the reference's and its own, whose names begin with two dashes. They take effect from left to
right; a later one wins. This page comes from the table by which they are read (`csrc/nbhybrid/options/table`). In brackets stands
what holds without an option.

"In Python" names the parameter of the same meaning. "Conventions" are those that heed an option of the beam centre, or are chosen
by it, with reference semantics; "header" is what says the same in the header of `-img` and `-mask`. "Defects" of the reference
change what an option does until they are corrected ([Defects](defects.md)). A name that ends with `*` also stands for longer words.
"""
COLUMNS = ("option", "value", "meaning", "in Python", "conventions", "header", "defects", "since")


def page():
    """Return the page as Markdown."""
    lines, topic = [HEAD], ""
    for each in options().values():
        if each.topic != topic:
            topic = each.topic
            lines += [f"\n## {topic[:1].upper()}{topic[1:]}\n", row(COLUMNS), row(["---"] * len(COLUMNS))]
        lines.append(row(cells(each)))
    return "\n".join(lines) + "\n"


def cells(option):
    """Return what stands about an option in each column."""
    return (
        ", ".join(code(name) for name in option.names.split()),
        value_of(option),
        option.help.replace("|", "\\|").replace("*", "\\*"),
        code(option.parameter) if option.parameter else option.instead_in_python,
        option.convention,
        ", ".join(code(key) for key in option.header_keys.split()),
        ", ".join(code(name) for name in option.defects.split()),
        option.since,
    )


def value_of(option):
    """Return what follows an option: its unit or its names, and the range of a number."""
    least = "" if option.least is None else f"{option.least:g}"
    limits = ""
    if option.most is not None:
        limits = f", {least} to {option.most:g}"
    elif least:
        limits = f", above {least}" if option.excludes_least else f", {least} or more"
    return (code(option.values) if option.values else "") + limits


def code(text):
    """Return a text as code, which may stand in a table."""
    return f"`{text}`".replace("|", "\\|")


def row(texts):
    """Return a line of a table."""
    return f"| {' | '.join(texts)} |".replace("  ", " ")


if __name__ == "__main__":
    print(page(), end="")
