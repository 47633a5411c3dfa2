"""The benchmark behind `make bench`: the render engine beside its rivals and beside the floor, on the same material.

Modules from the bottom to the top; each one uses only those above it in this list:

    figures       spreads, paired ratios, extrapolation; nothing but numbers
    programme     what is to be made: scenes, their files, the timeline
    warden        a program that runs another one and measures its whole process tree
    measure       starts the warden, survives what happens to it
    machine       what the figures were measured on
    environment   the virtual environment of the rivals that need one
    material      music and pictures, made offline or brought along
    plain         command lines of plain ffmpeg
    ours, floor, moviepy_rival    programs that are measured
    verification  looks at what was made
    yard          directories and ready-made inputs that contenders share
    contenders    who takes part, and how each is started
    experiments   what is compared
    report, plots tables, JSON, pictures
"""
