"""How well a dub did against the truth: words, speakers, times, what a translation must keep."""
