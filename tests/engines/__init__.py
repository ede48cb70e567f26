"""Partitions on the engines that run them: Dask, Ray Data, Spark and a task queue."""
