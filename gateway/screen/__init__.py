"""The local display of a station: a process of its own, fed over a unix socket."""
