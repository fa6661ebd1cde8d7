// libyaml is used by CUserAgents alone. This target only carries pkg-config and the apt provider.
