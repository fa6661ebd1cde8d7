// simdjson is C++; CSimdjson includes its header. This target only carries pkg-config and the apt provider.
