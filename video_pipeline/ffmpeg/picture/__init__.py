"""Owns what is seen at each frame, as pixels; hides image libraries, cameras and masks.

plan         timeline -> unique stretches of picture (pure)
pictures     single pictures: opened, measured, drawn
canvas       pictures as 8-bit planes of BT.709
footage      moving pictures, frame by frame
particles    what floats in the air
rain         what falls before it in streaks
motion       how a picture moves while it is shown
transitions  how one picture becomes another
captions     the plan cut where words are seen
layers       words over planes
"""
