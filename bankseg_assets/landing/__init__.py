"""From the landing folder to immutable Parquet: what arrived, and can it be read?"""
