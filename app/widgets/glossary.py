"""The meaning of the words on the pages, for the glossary and where they occur."""

GLOSSARY = {
    "Segment": "A group of similar customers, found by k-means; every customer is in one segment.",
    "Recency": "Days from a customer's last transaction to the snapshot.",
    "Frequency": "Number of transactions in the data window.",
    "Monetary": "Sum of the amounts in the data window.",
    "Snapshot": "The day after the newest transaction; recency is counted to this day.",
    "Index": "A segment's mean, where 100 is the mean of all customers.",
    "Held out": "Customers who are not used for training, so that the model can be tested on them.",
    "Control group": "Customers held out of a campaign at random, who are not contacted: they show "
    "what would have happened anyway.",
    "95% interval": "Contains the true value in 95 of 100 cases; without zero, it is an effect.",
    "CUPED": "Uses what customers did before a campaign to measure its effect more exactly.",
    "F1": "Combines precision and recall; 1 if every customer gets the correct segment.",
    "Silhouette": "How much closer customers are to their own segment than to the next; at most 1.",
    "Log loss": "How surprised the model is by the correct segments; 0 if it is sure of each.",
    "Brier score": "Mean squared error of the probabilities; 0 if all are certain and correct.",
    "Calibration error": "How far predicted probabilities are from the share of correct answers.",
    "Posterior": "The probability of each segment, given what is known of a customer.",
}

GLOSSARY_OF_SPENDING = {
    "Recency": "Days from a customer's last spending transaction to the snapshot.",
    "Frequency": "Number of spending transactions in the data window.",
    "Monetary": "Sum of the spending in the data window.",
    "Income": "Sum of incoming amounts, such as salaries, in the data window. It is not a feature.",
}
"""Glossary entries that apply if the direction of amounts is known."""
