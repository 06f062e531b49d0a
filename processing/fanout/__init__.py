"""Fan-out: many URLs fetched at once, none of them trusted.

The only room that imports httpx and aiohttp. Callers use `targets.parse_targets`, then
`fetch.fetch_all` or `fetch.fetch_each`.
"""
