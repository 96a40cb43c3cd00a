"""Labels meet predictions, a step at a time.

Which steps are due: steps; what each asks the store for, and what follows: meetings, pairs, called, news; labels of ids
that are not in the sample: unsampled. Charts that pairs move one by one: charting, charts.
"""
