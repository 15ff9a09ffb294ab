"""rascade.analyses"""
