"""SegPref (TeSO): texts of what may sound keep a system from marking whatever stands out."""
