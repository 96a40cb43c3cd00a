"""The systems, each a row: kinds is their table.

- That orchestrate and train: airflow, mlflow, pipelines, sagemaker.
- That build: ci; any other that listens: hooks; a program beside us: commanding.
"""
