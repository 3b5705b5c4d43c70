"""Does somebody's optimizer follow the formula that it is meant to follow, and if not, why?"""
