"""Pages and plots for people, from small tables: no Spark here."""
