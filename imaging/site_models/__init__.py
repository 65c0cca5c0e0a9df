"""A site's own approved model: started for a picture, its statements kept apart and labelled, decided by a doctor."""
