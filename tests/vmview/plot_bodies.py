"""Random bodies of plots: whatever the schema admits, with few references, so that many can be drawn."""

from hypothesis import strategies as st

from vmview.plot_spec import SIZES, SWEEP_SCHEMA

LINE = SWEEP_SCHEMA["lines"]["items"]["properties"]
CHOICES = {key: st.sampled_from(LINE[key]["enum"]) for key in LINE}
# Not the largest: 4 KiB at a time, their tables alone take hundreds of megabytes.
SIZES = [name for name, size in SIZES.items() if size <= 1 << 31]


@st.composite
def lines(draw):
    found = draw(st.fixed_dictionaries({}, optional=CHOICES))
    if found.get("mode") != "nested" and draw(st.integers(0, 19)):
        found.pop("ept_page_size", None)
    return found


@st.composite
def bodies(draw):
    optional = {
        "show": st.sampled_from(SWEEP_SCHEMA["show"]["enum"]),
        "scale": st.sampled_from(SWEEP_SCHEMA["scale"]["enum"]),
        "pattern": st.sampled_from(SWEEP_SCHEMA["pattern"]["enum"]),
        "tlbs": st.lists(
            st.sampled_from(({"entries": 16, "ways": 4}, {"entries": 1024, "ways": 8}, {"entries": 9, "ways": 2})),
            min_size=1,
            max_size=2,
        ),
        "costs": st.fixed_dictionaries(
            {}, optional={name: st.integers(0, 3000) for name in SWEEP_SCHEMA["costs"]["properties"]}
        ),
    }
    first, times = draw(st.integers(0, len(SIZES) - 5)), draw(st.sampled_from((2, 4, 16)))
    step = times.bit_length() - 1
    last = first + step * draw(st.integers(1, (len(SIZES) - 1 - first) // step))
    sets = {"from": SIZES[first], "to": SIZES[last], "times": times}
    return {
        "lines": draw(st.lists(lines(), min_size=1, max_size=6, unique_by=str)),
        "working_sets": sets,
        "accesses": 1024,
    } | draw(st.fixed_dictionaries({}, optional=optional))
