"""What models say, a file per kind: matched pairs become cells, cells become metrics, and shares that are judged."""
