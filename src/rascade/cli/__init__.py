"""rascade.cli"""
