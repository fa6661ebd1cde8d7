// RE2 is C++; CUserAgents includes its headers. This target only carries pkg-config and the apt provider.
