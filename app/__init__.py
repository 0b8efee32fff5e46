"""Streamlit app: reads published releases and scores with numpy, without a JVM."""
