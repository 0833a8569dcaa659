"""EEMC, the founding system of Ref-AVS (Wang et al., ECCV 2024), as its paper describes it."""
