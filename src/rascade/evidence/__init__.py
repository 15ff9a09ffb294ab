"""rascade.evidence"""
