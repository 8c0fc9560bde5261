//! Public facts of cloud regions, countries and blocs, and measured round trips between regions.
