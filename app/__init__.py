"""The Streamlit app: it reads what Dagster published, scores with numpy, and starts no JVM."""
