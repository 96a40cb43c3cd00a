"""The page.

- Its routes: pages; the first page: overview; one model's: detail.
- What they are made of: html, charts, bands, numbers.
- How the service and each model stand: banner, status, standing.
- A model's features: learning, fields, distribution, promise.
- What was found, asked for, and whether it helped: found, origin, incident, opened, followed, runs, helping.
"""
