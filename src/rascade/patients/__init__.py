"""rascade.patients"""
