//! Layers of settings, paths, keys. The only room besides cli that reads the environment.
